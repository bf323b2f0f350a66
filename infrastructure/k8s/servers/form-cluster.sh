#!/bin/sh
# Makes one cluster of the six nodes, and introduces them to each other again when all of them came
# back under new addresses. Does nothing where all is well, so it runs as often as anybody likes.
set -eu
ask() { host=$1; shift; redis-cli -h "$host" --user cluster-admin --pass "$CLUSTER_ADMIN_PASSWORD" --no-auth-warning "$@"; }
nodes=""
for i in 0 1 2 3 4 5; do
  name="redis-$i.redis"
  until ask "$name" ping | grep -q PONG; do sleep 1; done
  nodes="$nodes $(getent hosts "$name" | awk '{ print $1 }')"
done
first=$(echo "$nodes" | awk '{ print $1 }')
if ask "$first" cluster info | grep -q '^cluster_slots_assigned:16384'; then
  for address in $nodes; do ask "$first" cluster meet "$address" 6379; done
  echo "The cluster is there; its nodes were introduced again."
else
  addresses=$(for address in $nodes; do printf '%s:6379 ' "$address"; done)
  # shellcheck disable=SC2086
  ask "$first" --cluster create $addresses --cluster-replicas 1 --cluster-yes
fi
