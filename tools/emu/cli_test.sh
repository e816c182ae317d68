#!/bin/sh
# keybench-emu: its options, its life line, and mistakes in its part of a rig file.
. tools/tap.sh
emu=$bin/keybench-emu
rig=fixtures/rigs/emulated-a.yaml

# says STATUS TEXT NAME: what the last `run` gave
run() {
	"$emu" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

run --version
is "$status" 0 "--version"
holds "$tmp/out" keybench-emu "says its name"
run --help
is "$status" 0 "--help"
for option in $(tr ' [' '\n\n' <"$tmp/out" | grep -o '^--[a-z]*' | sort -u); do
	grep -q -- "Fl ${option#-}" tools/emu/keybench-emu.1 || echo "$option"
done | grep -vxE -- '--(help|usage|version)' >"$tmp/missing"
is "$(cat "$tmp/missing")" "" "every option is in the man page"
run
is "$status" 64 "no rig is wrong use"
run --rig $rig --seed x
is "$status" 64 "so is a seed that is no number"
run --rig $rig left-over
is "$status" 64 "and an argument"
run --rig nowhere.yaml
is "$status" 78 "a rig that is not there"
run --rig $rig --check
is "$status" 0 "--check"
for self in fixtures/rigs/self/*.yaml; do
	run --rig "$self" --check
	is "$status" 0 "--check $self"
done
run --rig $rig --for '50 ms' --truth "$tmp/truth"
is "$status" 0 "--for ends it"
is "$(jq -rs 'last.why' "$tmp/truth")" time "by time"
run --rig $rig --for '50 parsecs'
is "$status" 78 "--for needs a unit of time"

# wrong LINE:COLUMN TEXT SED: change the rig and look where the mistake is
wrong() {
	sed "$3" $rig >"$tmp/rig.yaml"
	run --rig "$tmp/rig.yaml" --check
	[ "$status" -eq 78 ] && grep -q "^$tmp/rig.yaml:$1: .*$2" "$tmp/err" &&
		grep -q '^ *^' "$tmp/err"
	ok $? "$2"
	[ $status -eq 78 ] || sed 's/^/# /' "$tmp/err"
}
line=$(grep -n 'reader0: {chip' $rig | cut -d: -f1)
phone=$(grep -n '  phone: {channel' $rig | cut -d: -f1)
faults=$(grep -n '  faults:' $rig | cut -d: -f1)
wrong "$line:19" "chip" 's/chip: pn532/chip: pn999/'
wrong "$line:3" "an NFC chip has the key 'chip'" 's/{chip: pn532}/{}/'
wrong "$line:32" "baud" 's/{chip: pn532}/{chip: pn532, baud: 115201}/'
wrong "$((line + 1)):35" "channels" 's/board: lcus, channels: 2/board: lcus, channels: 9/'
wrong "$phone:20" "relay0 has only 2" 's/phone: {channel: 1/phone: {channel: 3/'
wrong "$phone:31" "no unit" 's/travel: 45 ms, jitter/travel: 45, jitter/'
wrong "$faults:21" "no chip 'reader1'" 's/faults: .*/faults: [{device: reader1, at: {exchange: 1}, do: silent}]/'
wrong "$faults:61" "silnt" 's/faults: .*/faults: [{device: reader0, at: {exchange: 1},         do: silnt}]/'
wrong "$faults:12" "'by' is missing" 's/faults: .*/faults: [{device: reader0, at: {exchange: 1}, do: late}]/'
wrong "$faults:68" "a byte is needed" 's/faults: .*/faults: [{device: reader0, at: {exchange: 1}, do: status, value: 256}]/'
wrong "$faults:34" "one of them is needed" 's/faults: .*/faults: [{device: reader0, at: {}, do: silent}]/'
wrong "$faults:42" "share" 's/faults: .*/faults: [{device: reader0, at: {share: 5 V}, do: crc}]/'
wrong "$faults:34" "one of them is needed" 's/faults: .*/faults: [{device: reader0, at: {share: 5 %, exchange: 3}, do: crc}]/'
wrong "$faults:34" "one of them is needed" 's/faults: .*/faults: [{device: reader0, at: {share: 0 %}, do: crc}]/'
wrong "$faults:62" "strikes each exchange by itself" 's/faults: .*/faults: [{device: reader0, at: {share: 5 %}, do: crc, for: 3}]/'
wrong "$faults:12" "'for' is missing" 's/faults: .*/faults: [{device: reader0, at: {command: 9}, do: wtx}]/'
wrong "$line:43" "command: a byte" 's/{chip: pn532}/{chip: pn532, work: [{command: 256, median: 1 ms}]}/'
wrong "$faults:45" "exchange" 's/faults: .*/faults: [{device: reader0, at: {exchange: 0}, do: silent}]/'

# The life line, by a controller in a few words: what is told, and what ends the desk.
cat >"$tmp/controller.pl" <<'END'
use strict;
use Socket;
my ($emu, $rig, $truth, $end) = @ARGV;
socketpair(my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
my $pid = fork();
if ($pid == 0) {
	close $ours;
	$^F = 100;
	open(my $high, '>&=', fileno($theirs));
	fcntl($theirs, 2, 0);
	exec $emu, '--rig', $rig, '--truth', $truth, '--control', fileno($theirs);
	exit 127;
}
close $theirs;
my $ready = <$ours>;
print $ready;
kill 'INT', $pid;
select undef, undef, undef, 0.2;
print "alive\n" if kill 0, $pid;
my ($relay) = $ready =~ /"emu:relay0":"([^"]+)"/;
open(my $board, '+<', $relay) or die;
syswrite $board, "\xa0\x01\x01\xa2";
for (1 .. 200) { last if heard(); select undef, undef, undef, 0.05; }
sub heard { open(my $t, '<', $truth) or return 0; return scalar grep { /"what":"relay"/ } <$t>; }
if ($end eq 'signal') { kill $_, $pid for qw(TERM HUP QUIT); select undef, undef, undef, 0.2; }
close $ours;
if ($end eq 'drop') { select undef, undef, undef, 0.2; syswrite $board, "\xa0\x01\x00\xa1"; }
waitpid $pid, 0;
print "status $?\n";
END
# controller END: run it; @end is the desk's last word
controller() {
	timeout 30 perl "$tmp/controller.pl" "$emu" $rig "$tmp/truth" "$1" >"$tmp/out" 2>"$tmp/err"
	end=$(tail -n 1 "$tmp/truth" | jq -c '[.what, .why, .relays]')
}
# What stands in its way is left as it is, and holds it up for no longer than it takes to say so.
mkdir "$tmp/links"
echo precious >"$tmp/links/reader0"
limited() {
	timeout 60 "$emu" --rig $rig --for '1 s' "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}
limited --links "$tmp/links"
is "$status" 75 "a file where a link should go ends it"
is "$(cat "$tmp/links/reader0")" precious "and stays"
mkfifo "$tmp/fifo"
limited --truth "$tmp/fifo"
is "$status" 75 "a truth log that is a fifo nobody reads ends it"
holds "$tmp/err" "$tmp/fifo" "which is said"
timeout 60 "$emu" --rig $rig --for '1 s' >/dev/full 2>"$tmp/err"
is $? 75 "devices that cannot be named end it"
run --rig $rig --seed ' -1'
is "$status" 64 "a seed below zero is wrong use, however it is written"

controller drop
is "$(head -n 1 "$tmp/out" | jq -c '[.ready, (.devices | keys)]')" \
	'[true,["emu:bus0","emu:reader0","emu:relay0"]]' "the life line says what is ready"
holds "$tmp/out" alive "SIGINT is the controller's business"
holds "$tmp/out" "status 0" "without its controller the desk ends"
is "$end" '["end","controller gone",0]' "when the relays are off"
controller stuck
is "$end" '["end","controller gone",1]' "or, said honestly, after three seconds"
controller signal
is "$end" '["end","controller gone",1]' "no signal ends it before: it outlives the relays"

done_testing
