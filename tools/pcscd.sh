# For a shell test that needs pcscd: after tools/tap.sh, `. tools/pcscd.sh`. It goes on in name spaces of its own, with a loopback
# and a /run of its own, as root of nothing: no daemon, no port and no file of the machine's is touched, and any user can.
# Where that cannot be, or no pcscd is installed, the test is skipped, with the reason.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}
if [ -z "$KEYBENCH_IN_SPACE" ]; then
	[ -x /usr/sbin/pcscd ] || skip_all "pcscd is not installed"
	[ -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ] || skip_all "vsmartcard-vpcd is not installed"
	unshare --user --map-root-user --mount --net true 2>/dev/null || skip_all "no name spaces for users here"
	rm -rf "$tmp"
	KEYBENCH_IN_SPACE=1 exec unshare --user --map-root-user --mount --net sh "$0"
fi
mount -t tmpfs tmpfs /run && mkdir -p /run/lock /run/conf || skip_all "no private /run"
perl -MSocket -e 'socket(my $s, AF_INET, SOCK_DGRAM, 0); my $up = pack("a16 s x14", "lo", 1); ioctl($s, 0x8914, $up) or die $!' ||
	skip_all "no private loopback"
cat >/run/conf/vpcd <<END
FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:0x8C7B
LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID 0x8C7B
END
# start_pcscd: $pcscd
start_pcscd() {
	rm -f /run/pcscd/pcscd.comm
	/usr/sbin/pcscd --foreground --config /run/conf >"$tmp/pcscd.log" 2>&1 &
	pcscd=$!
	started $pcscd
	wait_for 20 test -S /run/pcscd/pcscd.comm
}
