#!/bin/sh
# As the official image: data belong to redis, who runs the server.
set -e
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  # Debian compiles `protected-mode` in; the official image compiles it out.
  exec setpriv --reuid=redis --regid=redis --clear-groups "$@" --protected-mode no
fi
exec "$@"
