#!/bin/busybox sh
# The first process of the test machine: says BOOT-OK on the serial console, fetches what it is told to, turns off.
# Called by udhcpc with an argument, it configures the network card.
export PATH=/bin

if [ -n "$interface" ]; then
  case "$1" in
    deconfig) ip addr flush dev "$interface"; ip link set "$interface" up ;;
    bound | renew)
      ip addr add "$ip/${mask:-24}" dev "$interface"
      [ -z "$router" ] || ip route add default via "${router%% *}"
      ;;
  esac
  exit 0
fi

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
console=/dev/console
# What the kernel has to say must not cut the line that is waited for.
echo 1 >/proc/sys/kernel/printk
grep -qE '^(ttyS0|ttyAMA0)' /proc/consoles || for tty in ttyAMA0 ttyS0; do
  [ ! -c "/dev/$tty" ] || console="/dev/$tty"
done
say() { echo "$*" >"$console"; }
value() { for word in $(cat /proc/cmdline); do case "$word" in "$1"=*) echo "${word#*=}" ;; esac; done; }

cat /modules/order* | while read -r module; do insmod "/modules/$module.ko"; done
firmware=bios
[ ! -d /sys/firmware/efi ] || firmware=efi
say ""
say "BOOT-OK arch=$(uname -m) firmware=$firmware cmdline=$(cat /proc/cmdline)"

# The disc that firmware has in memory, where there are the modules for it.
if [ -e /modules/order.disc ]; then
  disc=none
  mkdir /disc
  ! mount -t iso9660 -o ro /dev/pmem0 /disc 2>/dev/null || disc=$(echo $(ls /disc/boot))
  say "DISC $disc"
fi

url=$(value fetch)
ignition=$(value ignition.config.url)
done=$(value done)
if [ -n "$url$ignition$done" ]; then
  tries=0
  while [ ! -e /sys/class/net/eth0 ] && [ "$tries" -lt 50 ]; do usleep 100000; tries=$((tries + 1)); done
  ip link set eth0 up
  udhcpc -i eth0 -n -q -t 6 -T 2 -s /init >/tmp/udhcpc.log 2>&1
fi
if [ -n "$url" ]; then
  timeout 60 wget -q -O /tmp/fetched "$url"
  say "FETCHED status=$? size=$(wc -c </tmp/fetched) sha256=$(sha256sum /tmp/fetched | cut -d' ' -f1)"
fi
if [ -n "$ignition" ]; then
  # As much of Ignition as shows that it was given the right one: its size, and the version of the specification.
  timeout 60 wget -q -O /tmp/ignition "$ignition"
  status=$?
  version=$(grep -oE '"version" *: *"[^"]*"' /tmp/ignition | head -n 1 | cut -d '"' -f 4)
  [ "$status" = 0 ] && say "IGNITION $(wc -c </tmp/ignition) $version" || say "IGNITION failed status=$status"
fi
if [ -n "$done" ]; then
  timeout 60 wget -q -O /dev/null --post-data '' "$done"
  say "REPORTED status=$?"
fi
sync
usleep 200000
poweroff -f
