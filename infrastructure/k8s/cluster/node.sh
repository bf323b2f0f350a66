#!/bin/bash
# One Kubernetes node with its control plane. It runs as the first process of namespaces of its own (network,
# mounts, processes: cluster.ts), so everything that it links, filters, mounts or starts goes when they go.
#
#   node.sh <folder of this run> <folder of the programs> <its address> <the host's address>
#
# The folder has logs, data and the files that cluster.ts wrote.
set -eu
folder=$1
programs=$2
address=$3
gateway=$4
cd "$folder"
export PATH="$programs:$PATH"

# What containers, plugins and the kubelet keep in fixed places is this run's own.
mount -t tmpfs -o mode=755 none /run
for place in /var/lib/kubelet /var/lib/cni /var/lib/kube-router /etc/cni; do
  mkdir -p "$place" "own$place"
  mount --bind "own$place" "$place"
done
# The kubelet sets these for a whole machine; here it finds them set, and the machine's own stay.
set_apart() {
  mkdir -p kernel
  echo "$2" > "kernel/$1"
  mount --bind "kernel/$1" "/proc/sys/$(echo "$1" | tr . /)"
}
set_apart vm.overcommit_memory 1
set_apart kernel.panic 10
set_apart kernel.panic_on_oops 1

ip link set lo up
until ip link show node0 > /dev/null 2>&1; do sleep 0.05; done
ip address add "$address/30" dev node0
ip link set node0 up
ip route add default via "$gateway"
echo 1 > /proc/sys/net/ipv4/ip_forward

run() {
  name=$1
  shift
  "$@" > "log/$name.log" 2>&1 &
  names[$!]=$name
}
declare -A names
etcd=http://127.0.0.1:2379
run containerd containerd --config containerd.toml
# It is gone after the run: nothing is worth an fsync.
run etcd etcd --data-dir etcd --unsafe-no-fsync --listen-client-urls $etcd --advertise-client-urls $etcd
run kube-apiserver kube-apiserver --etcd-servers=$etcd --secure-port=6443 --bind-address=0.0.0.0 \
  --advertise-address="$address" --cert-dir=certificates --token-auth-file=tokens.csv --authorization-mode=Node,RBAC \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=accounts.key \
  --service-account-signing-key-file=accounts.key --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true \
  --kubelet-preferred-address-types=InternalIP
until kubectl --kubeconfig kubeconfig get --raw /readyz > /dev/null 2>&1; do sleep 0.2; done
run kube-controller-manager kube-controller-manager --kubeconfig=kubeconfig --leader-elect=false \
  --service-account-private-key-file=accounts.key --root-ca-file=certificates/apiserver.crt \
  --use-service-account-credentials=true
run kube-scheduler kube-scheduler --kubeconfig=kubeconfig --leader-elect=false
run kubelet kubelet --kubeconfig=kubeconfig --config=kubelet.yaml --hostname-override=node1 --node-ip="$address"
run kube-proxy kube-proxy --config=kube-proxy.yaml --hostname-override=node1
until kubectl --kubeconfig kubeconfig get node node1 > /dev/null 2>&1; do sleep 0.2; done
run kube-router kube-router --kubeconfig=kubeconfig --hostname-override=node1 --run-firewall=true --run-router=false \
  --run-service-proxy=false --service-cluster-ip-range=10.96.0.0/16
# None of them may end before the node does.
wait -n -p ended || true
echo "${names[$ended]} ended: $(tail -n 5 "log/${names[$ended]}.log")" >&2
exit 1
