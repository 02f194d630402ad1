{{/* `helm test`: makes an order at the front as a customer, and sees its effect at each consumer within a minute. */}}
{{- define "service.test" -}}
{{- $front := printf "http://%s:%s" (include "service.fullname" .) (include "service.servicePort" (dict "facts" .facts "name" "http")) -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "service.fullname" . }}-test
  labels:
    {{- include "service.labels" . | nindent 4 }}
    app.kubernetes.io/component: test
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  restartPolicy: Never
  {{- include "service.pod" . | nindent 2 }}
  containers:
    - name: order
      {{- include "service.container" . | nindent 6 }}
      args:
        - --input-type=module
        - --eval
        - |
          {{- include "service.testScript" . | nindent 10 }}
      env:
        - { name: FRONT, value: {{ $front | quote }} }
        - { name: EFFECTS, value: {{ include "service.effects" . | quote }} }
        - name: TOKEN
          valueFrom:
            secretKeyRef:
              name: {{ .root.Values.test.tokenSecret | quote }}
              key: token
{{- end -}}

{{/* Addresses of effects, without the order, separated by commas. */}}
{{- define "service.effects" -}}
{{- $addresses := list -}}
{{- range .facts.effects }}{{ $addresses = append $addresses (printf "http://%s%s" .app .path) }}{{ end -}}
{{- join "," $addresses -}}
{{- end -}}

{{- define "service.testScript" -}}
const { FRONT, EFFECTS, TOKEN } = process.env;
const answer = await fetch(`${FRONT}/orders`, {
  method: 'POST',
  headers: {
    authorization: `Bearer ${TOKEN}`,
    'content-type': 'application/json',
    'idempotency-key': crypto.randomUUID(),
  },
  body: JSON.stringify({ items: [{ sku: 'helm-test', quantity: 1, priceCents: 1 }] }),
  signal: AbortSignal.timeout(10_000),
});
const order = await answer.json();
if (answer.status !== 201) throw new Error(`POST /orders: ${answer.status} ${JSON.stringify(order)}`);
console.log(`made order ${order.id}`);
const deadline = Date.now() + 60_000;
for (const effect of EFFECTS.split(',').filter(Boolean)) {
  const seen = () => fetch(`${effect}/${order.id}`).then(({ status }) => status, (error) => error.message);
  let last = await seen();
  while (last !== 200 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    last = await seen();
  }
  if (last !== 200) throw new Error(`no effect at ${effect}/${order.id}: ${last}`);
  console.log(`saw its effect at ${effect}`);
}
{{- end -}}
