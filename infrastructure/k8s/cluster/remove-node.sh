#!/bin/sh
# Removes what a node (node.sh) leaves behind when its processes are gone: its link, its cgroups and its folder. The
# tests run it at their end; the watchdog runs it when they were killed.
#
#   remove-node.sh <the run's folder>
folder=$1
cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name kubepods 2> /dev/null; }
tries=0
# They are in use until the kernel has ended the last process.
while [ -n "$(cgroups)" ] && [ $tries -lt 100 ]; do
  for cgroup in $(cgroups); do find "$cgroup" -depth -type d -exec rmdir {} + 2> /dev/null; done
  [ -z "$(cgroups)" ] || sleep 0.1
  tries=$((tries + 1))
done
# Connections that end slowly keep a network, and with it the link, for minutes.
ip link delete outcry-node 2> /dev/null
rm -rf "$folder"
