{{- /*
The manifests of kustomization.yaml, read from its own files, with the values filled in. Nothing is written down twice,
so an overlay and a release cannot drift apart; manifests.it.test.ts compares them.
*/ -}}
{{- $values := .Values }}
{{- $kustomization := .Files.Get "kustomization.yaml" | fromYaml }}
{{- $url := printf "https://%s" $values.host }}
{{- $public := dict "PUBLIC_GATEWAY_URL" $url "PUBLIC_BROADCAST_URL" $url "PUBLIC_HISTORY_URL" $url }}
{{- $configs := dict }}
{{- range $kustomization.configMapGenerator }}
  {{- $data := dict }}
  {{- range .literals }}
    {{- $pair := splitn "=" 2 . }}
    {{- $_ := set $data $pair._0 $pair._1 }}
  {{- end }}
  {{- if hasKey $data "PUBLIC_GATEWAY_URL" }}
    {{- $data = mergeOverwrite $data $public }}
  {{- end }}
  {{- range $name, $value := get $values.settings .name }}
    {{- if not (kindIs "string" $value) }}
      {{- fail (printf "%s must be in quotes: a large number would become another one" $name) }}
    {{- end }}
    {{- $_ := set $data $name $value }}
  {{- end }}
  {{- $_ := set $configs .name $data }}
{{- end }}

{{- range $name, $data := $configs }}
---
{{ dict "apiVersion" "v1" "kind" "ConfigMap" "metadata" (dict "name" $name "namespace" $.Release.Namespace) "data" $data | toYaml }}
{{- end }}

{{- range $file := $kustomization.resources }}
{{- range $text := regexSplit "(?m)^---$" ($.Files.Get $file) -1 }}
  {{- $each := fromYaml $text }}
  {{- if hasKey $each "Error" }}{{ fail (printf "%s: %s" $file $each.Error) }}{{ end }}
  {{- $_ := set $each.metadata "namespace" $.Release.Namespace }}
  {{- if eq $each.kind "Deployment" }}
    {{- $pod := $each.spec.template }}
    {{- range concat $pod.spec.containers ($pod.spec.initContainers | default list) }}
      {{- $_ := set . "image" (printf "%s%s:%s" $values.registry .image ($values.tag | default $.Chart.AppVersion)) }}
    {{- end }}
    {{- range $container := $pod.spec.containers }}
      {{- with get $values.resources $each.metadata.name }}
        {{- $_ := set $container "resources" (mergeOverwrite $container.resources .) }}
      {{- end }}
    {{- end }}
    {{- /* Other settings are other pods. */}}
    {{- $_ := set $pod.metadata.annotations "checksum/settings" ($configs | toJson | sha256sum) }}
  {{- else if eq $each.kind "HorizontalPodAutoscaler" }}
    {{- with get $values.replicas $each.metadata.name }}
      {{- $_ := set $each.spec "minReplicas" .min }}
      {{- $_ := set $each.spec "maxReplicas" .max }}
    {{- end }}
  {{- else if eq $each.kind "Gateway" }}
    {{- $issuer := "cert-manager.io/cluster-issuer" }}
    {{- if $values.issuer }}
      {{- $_ := set $each.metadata.annotations $issuer $values.issuer }}
    {{- else }}
      {{- $_ := unset $each.metadata.annotations $issuer }}
    {{- end }}
    {{- range $each.spec.listeners }}{{ $_ := set . "hostname" $values.host }}{{ end }}
  {{- else if eq $each.kind "ServiceAccount" }}
    {{- with $values.imagePullSecrets }}{{ $_ := set $each "imagePullSecrets" . }}{{ end }}
  {{- end }}
  {{- /* The namespace is who installs's: a release may not make its own. */}}
  {{- if ne $each.kind "Namespace" }}
---
{{ $each | toYaml }}
  {{- end }}
{{- end }}
{{- end }}

{{- $clients := dict
  "redis" (list "api-gateway" "broadcast-service" "archival-worker")
  "nats" (list "api-gateway" "archival-worker" "webhooks")
  "postgres" (list "archival-worker" "webhooks") }}
{{- range $name, $server := $values.servers }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: to-managed-{{ $name }}, namespace: {{ $.Release.Namespace }} }
spec:
  podSelector:
    matchExpressions:
      - { key: app.kubernetes.io/name, operator: In, values: {{ get $clients $name | toJson }} }
  policyTypes: [Egress]
  egress:
    - to: {{ $server.to | toJson }}
      ports: [{ port: {{ $server.port }} }]
{{- end }}
