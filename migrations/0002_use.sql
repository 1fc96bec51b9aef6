-- What use has found.

-- Of a receiver's folder: NULL not looked for yet, -1 made by this transfer, else the mode (12 bits) of one that was there
-- before and keeps it.
ALTER TABLE entry ADD COLUMN folder_origin INTEGER CHECK (folder_origin BETWEEN -1 AND 4095);
