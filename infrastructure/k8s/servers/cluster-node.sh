#!/bin/sh
# A node of the Redis Cluster, as its pod's probe and preStop hook ask for it. Needs REDIS_NODES (the names of all),
# HOSTNAME (ends in this one's number), POD_IP, CLUSTER_ADMIN_PASSWORD.
#
#   cluster-node.sh ready   0 when the cluster stands and this node has its part of the data, else it first does
#                           what is missing and says 1. Every step may be repeated at any time by every node.
#   cluster-node.sh leave   hands a master's slots to a replica, and stays until clients have heard of it.
set -eu
export REDISCLI_AUTH="$CLUSTER_ADMIN_PASSWORD"
SLOTS=16384
PORT=6379
ask() {
  host=$1
  shift
  timeout 2 redis-cli -h "$host" -p $PORT --user cluster-admin --no-auth-warning "$@" | tr -d '\r'
}
# A node in its own words: id, address, flags, master, …, and its slots from the ninth field on.
self_of() { ask "$1" cluster nodes | awk '$3 ~ /myself/ { sub(/:[0-9]+@.*/, "", $2); print }'; }
slots_seen_by() { ask "$1" cluster info | sed -n 's/^cluster_slots_assigned://p'; }
is_master() { case $1 in *slave*) return 1 ;; esac; }
has_slots() { [ "$(echo "$1" | wc -w)" -gt 8 ]; }

is_ready() {
  ask "$POD_IP" cluster info | grep -q '^cluster_state:ok' || return 1
  self=$(self_of "$POD_IP")
  if is_master "$self"; then
    has_slots "$self"
  else
    ask "$POD_IP" info replication | grep -q '^master_link_status:up'
  fi
}

# A pod that comes back has another address, and all of them may have come back.
meet_others() {
  known=$(ask "$POD_IP" cluster nodes)
  for name in $REDIS_NODES; do
    other=$(self_of "$name") || continue
    [ -n "$other" ] || continue
    id=${other%% *}
    address=$(echo "$other" | cut -d ' ' -f 2)
    case "$known" in *"$id $address:"*) continue ;; esac
    ask "$POD_IP" cluster meet "$address" $PORT
  done
}

# A replica that heard from others where its master is now goes on asking at the old address: Redis corrects its list of
# nodes, not its replication.
follow_master() {
  master=$(echo "$1" | cut -d ' ' -f 4)
  address=$(ask "$POD_IP" cluster nodes | awk -v id="$master" '$1 == id { sub(/:.*/, "", $2); print $2 }')
  asked=$(ask "$POD_IP" info replication | sed -n 's/^master_host://p')
  [ -z "$address" ] || [ "$asked" = "$address" ] || ask "$POD_IP" cluster replicate "$master"
}

# Whether no cluster was ever complete here: all nodes answer, none is a replica, none sees all slots.
is_new() {
  for name in $REDIS_NODES; do
    other=$(self_of "$name") && [ -n "$other" ] && is_master "$other" || return 1
    [ "$(slots_seen_by "$name")" -lt $SLOTS ] || return 1
  done
}

# The first three nodes share the slots. Those that are taken already say so, and stay where they are.
give_slots() {
  # shellcheck disable=SC2086
  set -- $REDIS_NODES
  ask "$1" cluster addslotsrange 0 5460
  ask "$2" cluster addslotsrange 5461 10922
  ask "$3" cluster addslotsrange 10923 16383
}

# Whether another master has two replicas less than this one's. Of those that chose the same master at the same moment
# the one with the last id moves on.
has_to_move() {
  ask "$POD_IP" cluster nodes | awk '
    $3 ~ /myself/ { me = $1; mine = $4 }
    $3 ~ /slave/ && $3 !~ /fail/ { copies[$4]++; if (last[$4] "" < $1 "") last[$4] = $1 }
    $3 ~ /master/ && $3 !~ /fail/ && NF > 8 { masters[$1] }
    END {
      least = copies[mine] + 0
      for (id in masters) if (copies[id] + 0 < least) least = copies[id] + 0
      exit !(copies[mine] - least > 1 && last[mine] == me)
    }'
}

# A node without slots copies a master with the fewest replicas; the numbers keep several from choosing the same. The
# others never forget a node that lost its disk: what it copied before counts for nothing.
become_replica() {
  master=$(ask "$POD_IP" cluster nodes | sort | awk -v number="${HOSTNAME##*-}" '
    $3 ~ /slave/ && $3 !~ /myself|fail/ { copies[$4]++ }
    $3 ~ /master/ && $3 !~ /fail/ && NF > 8 { masters[count++] = $1 }
    END {
      for (i = 0; i < count; i++) if (i == 0 || copies[masters[i]] + 0 < least) least = copies[masters[i]] + 0
      for (i = 0; i < count; i++) if (copies[masters[i]] + 0 == least) fewest[found++] = masters[i]
      if (found > 0) print fewest[number % found]
    }')
  [ -z "$master" ] || ask "$POD_IP" cluster replicate "$master"
}

# The address of a replica in step that may take over: the last by number, which a rollout has restarted already.
successor_of() {
  for name in $REDIS_NODES; do
    other=$(self_of "$name") || continue
    [ "$(echo "$other" | cut -d ' ' -f 4)" = "$1" ] || continue
    ! ask "$name" info replication | grep -q '^master_link_status:up' || successor=$(echo "$other" | cut -d ' ' -f 2)
  done
  echo "${successor:-}"
}

case ${1:-} in
  ready)
    if has_to_move; then
      become_replica
      exit 1
    fi
    if is_ready; then exit 0; fi
    meet_others
    self=$(self_of "$POD_IP")
    if ! is_master "$self"; then
      follow_master "$self"
    elif ! has_slots "$self"; then
      if [ "$(slots_seen_by "$POD_IP")" -eq $SLOTS ]; then
        become_replica
      elif [ "${HOSTNAME##*-}" = 0 ] && is_new; then
        give_slots
      fi
    fi
    exit 1
    ;;
  leave)
    id=$(self_of "$POD_IP" | cut -d ' ' -f 1)
    replica=$(successor_of "$id")
    [ -n "$replica" ] || exit 0
    ask "$replica" cluster failover
    for _ in $(seq 50); do
      if ! is_master "$(self_of "$POD_IP")"; then
        # Gateways look up the slots every second. One that asks here before then is redirected; a node that is gone
        # redirects nobody.
        sleep 2
        exit 0
      fi
      sleep 0.2
    done
    ;;
  *)
    echo "usage: cluster-node.sh ready|leave" >&2
    exit 2
    ;;
esac
