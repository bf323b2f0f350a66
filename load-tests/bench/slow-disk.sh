#!/bin/sh
# Runs the bench on a Redis whose every fsync takes some milliseconds more; the other servers' disks stay as they are,
# because no bid waits for them. Needs cc, on Linux.
#
#   load-tests/bench/slow-disk.sh <milliseconds> hot spread --rounds 3
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
export FSYNC_MS="$1"
shift
cc -O2 -shared -fPIC -o "$folder/slow-fsync.so" "$here/slow-fsync.c" -ldl
redis=$(command -v redis-server)
printf '#!/bin/sh\nLD_PRELOAD=%s/slow-fsync.so exec %s "$@"\n' "$folder" "$redis" > "$folder/redis-server"
chmod +x "$folder/redis-server"
PATH="$folder:$PATH" npm run --prefix "$here/../.." bench -- "$@"
