# Disasters of the network, between two network namespaces: an interface goes down for a while, an address changes.
# Sourced by disasters.sh.

disasters+=(interface_down_for_a_while senders_address_changes connections_reset)

# A sender at 10.77.0.1 and a receiver at 10.77.0.2, at the ends of a cable of $1 Mbit/s.
make_network() {
  needs_root && needs ip && needs tc || return
  a=pmesh-disaster-a-$$ b=pmesh-disaster-b-$$
  ip netns add "$a" && spaces+=("$a") && ip netns add "$b" && spaces+=("$b") || { skip "no network namespace can be made"; return; }
  ip link add eth0 netns "$a" type veth peer name eth0 netns "$b" || { skip "no cable can be made"; return; }
  ip -n "$a" addr add 10.77.0.1/24 dev eth0 && ip -n "$b" addr add 10.77.0.2/24 dev eth0
  local space
  for space in "$a" "$b"; do
    ip -n "$space" link set lo up && ip -n "$space" link set eth0 up
    tc -n "$space" qdisc add dev eth0 root tbf rate "${1}mbit" burst 256kb latency 50ms || { skip "no rate can be set"; return; }
  done
  sender_prefix=(ip netns exec "$a") receiver_prefix=(ip netns exec "$b")
  sender_listen=10.77.0.1:$port receiver_peer=10.77.0.1:$port
}

down_for() { # seconds
  make_network 200 || return
  start_both && moved $((size_mib / 8)) || return
  ip -n "$a" link set eth0 down
  sleep "$1"
  ip -n "$a" link set eth0 up
  local began
  began=$(now_ms)
  limit=$((60000 + size_mib * 100))
  goes_on || return
  local took=$(($(now_ms) - began))
  note="${note:+$note, }done $((took / 1000)).$((took % 1000 / 100)) s after it was up again"
}
disaster_interface_down_for_a_while() {
  what="ip link set down for 20 s, then up; goes on by itself"
  down_for 20
}

disaster_senders_address_changes() {
  what="the sender killed, its address and port changed; the receiver told with --peer"
  make_network 400 || return
  start_both && moved $((size_mib / 8)) && strike 9 "$sender" || return
  ip -n "$a" addr del 10.77.0.1/24 dev eth0 && ip -n "$a" addr add 10.77.0.99/24 dev eth0
  # The receiver waits at the old address, and is told the new one as a person would.
  strike INT "$receiver"
  port=$(free_port)
  sender_listen=10.77.0.99:$port receiver_peer=10.77.0.99:$port
  resume && kept_something
}

# What a firewall does that forgets all it knew: everything is reset at once.
disaster_connections_reset() {
  what="ss -K: all connections reset at once, three times; goes on by itself"
  needs ss || return
  make_network 400 || return
  start_both && moved $((size_mib / 8)) || return
  local time
  for time in 1 2 3; do
    ip netns exec "$a" ss -K dst 10.77.0.2 >/dev/null 2>&1 || { skip "this kernel cannot close the connections of others"; return; }
    pause 1
  done
  goes_on
}
