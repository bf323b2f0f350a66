#!/bin/sh
# As the official image: before nginx starts, templates get the variables that the filter allows.
set -e
templates="${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}"
output="${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}"
names=$(env | cut -d= -f1 | grep -E "${NGINX_ENVSUBST_FILTER:-}" | sed 's/.*/${&}/' | tr '\n' ' ')
for template in "$templates"/*.template; do
  [ -f "$template" ] || continue
  envsubst "$names" < "$template" > "$output/$(basename "$template" .template)"
done
exec "$@"
