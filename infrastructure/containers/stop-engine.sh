#!/bin/sh
# Ends an engine that engine.ts started, and everything that it left on this machine. The tests run
# it at their end; the watchdog runs it when they were killed.
#
#   stop-engine.sh <the engine's run folder>
folder=$1

# Whoever has the folder on its command line is of the engine: itself, containerd, one shim for each
# container.
of_engine() {
  for entry in /proc/[0-9]*; do
    grep -qs "$folder/run" "$entry/cmdline" && echo "${entry#/proc/}"
  done
}
engine=$(for process in $(of_engine); do
  grep -qsx dockerd "/proc/$process/comm" && echo "$process"
done)
if [ -n "$engine" ]; then
  kill -TERM $engine
  tries=0
  while kill -0 $engine 2> /dev/null && [ $tries -lt 150 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
fi
# A shim's children are the containers' first processes; with them the kernel ends the others.
for process in $(of_engine); do
  kill -KILL $(cat "/proc/$process"/task/*/children 2> /dev/null) "$process" 2> /dev/null
done

for link in $(ls /sys/class/net); do
  case $link in
    docker0 | br-* | veth*) grep -qx "$link" "$folder/links" || ip link delete "$link" ;;
  esac
done
# The rules that were there before stay, whoever made them.
for tool in iptables ip6tables; do
  forward=$(sed -n 's/^:FORWARD \([A-Z]*\).*/\1/p' "$folder/$tool")
  if ! grep -q DOCKER "$folder/$tool"; then
    "$tool-save" 2> /dev/null | grep -vE 'DOCKER|docker0|br-[0-9a-f]{12}' \
      | sed "s/^:FORWARD [A-Z]*/:FORWARD ${forward:-ACCEPT}/" | "$tool-restore" 2> /dev/null
  fi
done
cat "$folder/ip_forward" > /proc/sys/net/ipv4/ip_forward

grep -oE "$folder/[^ ]*" /proc/mounts | sort -r | while read -r mount; do umount -l "$mount"; done
rm -rf "$folder"
