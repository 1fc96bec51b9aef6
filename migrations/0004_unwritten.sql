-- Nothing ever wrote chat lines or events of the node: they come with what writes them.
DROP TABLE message;
DROP TABLE event;
