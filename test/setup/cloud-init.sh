# One boot of a system, as far as cloud-init has to do with it: its stages in the order of its units, in a root of its own.
# Called in new namespaces of its own for mounts, processes and the host's name: nothing of the machine that runs it is touched.
# $1: the root, kept from boot to boot; $2: the system unpacked; $3: a static busybox. The kernel's command line is in $1/cmdline.
set -e
root=$1 system=$2 busybox=$3
cd "$root"
mkdir -p proc sys dev run tmp root busybox var/log var/lib mnt
[ -d etc ] || cp -r "$system/etc" .

# Debian 13 has everything under /usr, which its links say.
for folder in usr bin sbin lib lib64; do
  if [ -L "$system/$folder" ]; then
    ln -sfn "usr/$folder" "$folder"
  else
    mkdir -p "$folder"
    mount --bind "$system/$folder" "$folder"
  fi
done
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs run run
# Without the host's console, on which cloud-init would write.
mount -t tmpfs dev dev
for device in null zero random urandom; do
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mount --bind cmdline proc/cmdline

cp "$busybox" busybox/busybox
chroot . /busybox/busybox --install -s /busybox
# What the packages' own scripts would do.
cat usr/share/ca-certificates/mozilla/*.crt >etc/ssl/certs/ca-certificates.crt
echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo 'root:x:0:' >etc/group
echo 'source /etc/network/interfaces.d/*' >etc/network/interfaces
# The datasource that ds-identify finds on the command line, and the modules that want no init, no disk and no package manager.
cat >etc/cloud/cloud.cfg.d/99_root.cfg <<END
datasource_list: [NoCloud, None]
cloud_init_modules: [bootcmd, write-files, set_hostname]
cloud_config_modules: [runcmd]
cloud_final_modules: [write-files-deferred, scripts-vendor, scripts-user, phone-home, final-message]
END

[ ! -s etc/hostname ] || hostname "$(cat etc/hostname)"
# Nothing of the caller's, which may have proxies in it.
environment='PATH=/usr/sbin:/usr/bin:/sbin:/bin:/busybox HOME=/root LC_ALL=C.UTF-8'
status=0
for stage in 'init --local' init 'modules --mode=config' 'modules --mode=final'; do
  # The stages go on without one another, as the units do.
  env -i $environment chroot . cloud-init $stage </dev/null || status=$?
done
# What is in memory goes with the boot.
rm -rf last-run
cp -r run last-run
hostname >last-hostname
exit $status
