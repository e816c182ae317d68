#!/bin/sh
# The test CA as a user meets it: whole sets, one certificate wrong on purpose in each way there is, and what each side says.
. tools/tap.sh
ca=$bin/keybench-ca
set=$tmp/sets/test

# try STATUS NAME COMMAND...: what it says is in $tmp/out and $tmp/err
try() {
	want=$1
	name=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	is $? "$want" "$name"
}

try 64 "no command is wrong use" "$ca"
try 64 "nor is an unknown one" "$ca" frobnicate
try 0 "--help" "$ca" --help
for command in make issue show verify; do
	holds "$tmp/out" "  $command" "--help names $command"
	"$ca" $command --help >"$tmp/help"
	is $? 0 "$command --help"
	for option in $(grep -o -e '--[a-z][a-z-]*' "$tmp/help" | grep -vE '^--(help|usage|version)$' | sort -u); do
		grep -Eq -e "(^\.It Fl|,) -${option#--}( |\$)" tools/ca/keybench-ca.1
		ok $? "keybench-ca.1 has $option of $command"
	done
done

# A whole set.
try 0 "make" "$ca" make "$tmp/sets" --vehicle-id e2d3826f45b052e0
is "$(ls "$tmp/sets" | tr '\n' ' ')" "production test " "a folder for each server environment, and no other"
is "$(ls "$set"/*.pem | wc -l) $(ls "$set"/*.der | wc -l) $(ls "$set"/*.key | wc -l)" "11 11 10" \
	"eleven certificates; the external CA has the device maker's key"
is "$(stat -c %a "$set"/*.key | sort -u)" 600 "private keys are their owner's alone"
! grep -q throw-away "$set"/*
ok $? "and no throw-away ones"
cmp -s "$set/root.der" "$tmp/sets/production/root.der"
is $? 1 "environments share no root"
try 64 "nothing is overwritten" "$ca" make "$tmp/sets"
holds "$tmp/err" "not overwritten" "and that is said"
is "$(ls -A "$tmp/sets" | wc -l)" 2 "nor is anything left behind"
for c in "$set"/*.pem; do
	openssl x509 -in "$c" -outform DER 2>"$tmp/err" | cmp -s - "${c%.pem}.der"
	ok $? "openssl reads ${c##*/}, and the DER beside it is the same"
done
for k in "$set"/*.key; do
	is "$(openssl pkey -in "$k" -pubout)" "$(openssl x509 -in "${k%.key}.pem" -noout -pubkey)" "${k##*/} fits its certificate"
done

# Another verifier agrees, as long as it does not mind the critical extensions.
chain() {
	openssl verify -ignore_critical -CAfile "$1/root.pem" -untrusted "$tmp/untrusted" "$2" >"$tmp/out" 2>&1
}
for dir in "$set" "$tmp/sets/production" fixtures/pki/throw-away/test fixtures/pki/throw-away/production; do
	cat "$dir/intermediate.pem" >"$tmp/untrusted"
	chain "$dir" "$dir/vehicle.pem"
	ok $? "openssl verify accepts the vehicle of $dir"
	for who in "" friend-; do
		cat "$dir/external-ca.pem" "$dir/${who}instance-ca.pem" >"$tmp/untrusted"
		chain "$dir" "$dir/${who}endpoint.pem"
		ok $? "openssl verify accepts the ${who}endpoint of $dir"
	done
	for leaf in encryption signature; do
		chain "$dir" "$dir/$leaf.pem"
		ok $? "openssl verify accepts the $leaf certificate of $dir"
	done
done
openssl verify -CAfile "$set/root.pem" "$set/encryption.pem" >"$tmp/out" 2>&1
[ $? -ne 0 ]
ok $? "without -ignore_critical it does not know the role"

# verify_with CERTIFICATE FILE: the check in which it stands, with FILE in its place
verify_with() {
	intermediate=$set/intermediate.pem vehicle=$set/vehicle.pem external=$set/external-ca.pem
	instance=$set/instance-ca.pem endpoint=$set/endpoint.pem
	finstance=$set/friend-instance-ca.pem fendpoint=$set/friend-endpoint.pem
	case $1 in
	intermediate) intermediate=$2 ;;
	vehicle) vehicle=$2 ;;
	external-ca) external=$2 ;;
	instance-ca) instance=$2 ;;
	endpoint) endpoint=$2 ;;
	friend-instance-ca) finstance=$2 ;;
	friend-endpoint) fendpoint=$2 ;;
	esac
	shift 2
	case $certificate in
	intermediate | vehicle) set -- --as device "$@" "$intermediate" "$vehicle" ;;
	friend-*) set -- --as owner "$@" "$external" "$finstance" "$fendpoint" ;;
	*) set -- --as vehicle "$@" "$external" "$instance" "$endpoint" ;;
	esac
	"$ca" verify --root "$set/root.pem" --vehicle-id e2d3826f45b052e0 "$@" >"$tmp/out" 2>"$tmp/err"
}

# "refused: REASON: ..."
reason() {
	sed -n 's/^refused: \([a-z-]*\): .*/\1/p' "$tmp/out"
}

n=0
# refused CERTIFICATE REASON FLAW...
refused() {
	certificate=$1 reason=$2
	shift 2
	n=$((n + 1))
	"$ca" issue "$certificate" --from "$set" --to "$tmp/bad$n" "$@" 2>"$tmp/err" || sed 's/^/# /' "$tmp/err"
	verify_with "$certificate" "$tmp/bad$n.pem"
	is "$? $(reason)" "1 $reason" "$certificate with $*: refused, $reason"
}
for certificate in intermediate vehicle external-ca instance-ca endpoint friend-instance-ca friend-endpoint; do
	verify_with none none
	is "$? $(cut -d: -f1 "$tmp/out")" "0 accepted" "the good chain of $certificate is accepted"
	"$ca" issue $certificate --from "$set" --to "$tmp/good-$certificate"
	verify_with $certificate "$tmp/good-$certificate.der"
	is $? 0 "$certificate made again is accepted too"
	for flaw in oid-wrong oid-missing oid-twice oid-not-critical expired not-yet-valid unknown-critical serial-negative; do
		refused $certificate $flaw --flaw $flaw
	done
	refused $certificate wrong-aki --flaw aki
	refused $certificate trailing-bytes --flaw trailing
	refused $certificate length-not-minimal --flaw length
	refused $certificate integer-not-minimal --flaw integer
	refused $certificate wrong-key-usage --flaw key-usage
	for flaw in r-zero s-zero r-order s-order; do
		refused $certificate signature-range --flaw $flaw
	done
	case $certificate in
	*instance-ca) refused $certificate other-device-maker --flaw signature ;;
	*) refused $certificate wrong-signature --flaw signature ;;
	esac
done
for certificate in intermediate external-ca instance-ca friend-instance-ca; do
	refused $certificate not-ca --flaw not-ca
	refused $certificate path-length --flaw path-length
done
refused external-ca path-exceeded --path-length 0
refused instance-ca other-device-maker --flaw other-device-maker
refused friend-instance-ca other-device-maker --flaw other-device-maker
refused instance-ca other-device-maker --signer "$tmp/sets/production/device-root.key"
refused endpoint wrong-vehicle --flaw wrong-vehicle
refused friend-endpoint wrong-vehicle --vehicle-id 0102030405060708
refused vehicle wrong-vehicle --flaw wrong-vehicle
refused endpoint wrong-issuer --issuer "somebody else"
try 1 "a vehicle without the intermediate that signed it" "$ca" verify --as device --root "$set/root.pem" "$set/vehicle.pem"
holds "$tmp/out" "refused: intermediate-missing: vehicle certificate (K):" "it says which, and why"
: >"$tmp/empty"
for file in "$tmp/empty" /bin/true; do
	head -c 3000 "$file" >"$tmp/file"
	try 1 "what is no certificate is refused" "$ca" verify --as device --root "$set/root.pem" "$set/intermediate.pem" "$tmp/file"
done

try 0 "the server's signature certificate" "$ca" verify --as receipt --root "$set/root.pem" "$set/signature.pem"
try 0 "and the one for encryption" "$ca" verify --as sender --root "$set/root.pem" "$set/encryption.pem"
try 1 "one is not the other" "$ca" verify --as receipt --root "$set/root.pem" "$set/encryption.pem"
is "$(reason)" oid-wrong "and that is said"

# Clocks.
certificate=endpoint
verify_with none none --at 20500101000000Z
is "$? $(reason)" "1 expired" "in 2050 all have expired"
verify_with none none --at 20241231235959Z
is "$? $(reason)" "1 not-yet-valid" "in 2024 none is valid yet"
"$ca" issue endpoint --from "$set" --to "$tmp/old" --flaw expired
verify_with endpoint "$tmp/old.pem" --no-clock
is $? 0 "who has no clock does not ask"

# A new key under the same CA, and the anchor as a bare key.
try 0 "issue --new-key" "$ca" issue endpoint --from "$set" --to "$tmp/new" --new-key --subject "second key" --serial 255
is "$(stat -c %a "$tmp/new.key")" 600 "its key is its owner's alone"
certificate=endpoint
verify_with endpoint "$tmp/new.pem"
is $? 0 "and it is accepted"
try 64 "it is not overwritten" "$ca" issue endpoint --from "$set" --to "$tmp/new"
try 0 "show" "$ca" show "$tmp/new.der"
holds "$tmp/out" "second key" "it shows the subject"
holds "$tmp/out" "role         endpoint" "and the role"
root=$("$ca" show "$set/root.pem" | sed -n '/^key id/d; s/^key  *//p')
try 0 "the root may be a point in hex" "$ca" verify --as device --root "$root" "$set/intermediate.der" "$set/vehicle.der"
try 0 "a root that says it is no CA" "$ca" issue root --from "$set" --to "$tmp/odd" --flaw not-ca --flaw oid-missing --flaw key-usage
try 0 "is an anchor all the same: its key alone counts" "$ca" verify --as device --root "$tmp/odd.pem" "$set/intermediate.der" "$set/vehicle.der"
openssl verify -ignore_critical -CAfile "$tmp/odd.pem" -untrusted "$set/intermediate.pem" "$set/vehicle.pem" >"$tmp/out" 2>&1
[ $? -ne 0 ]
ok $? "a verifier of the usual kind refuses it"
try 78 "a root that is no certificate is our mistake" "$ca" verify --as device --root /bin/true "$set/intermediate.der" "$set/vehicle.der"
try 78 "show of something else" "$ca" show "$tmp/empty"
try 78 "a missing file" "$ca" show "$tmp/nothing.pem"
cat "$set/root.pem" "$set/vehicle.pem" >"$tmp/two.pem"
try 78 "two certificates in one file" "$ca" show "$tmp/two.pem"
try 78 "a protocol without certificates" "$ca" show --profile ua-homekey-2.0 "$set/root.pem"
for wrong in "issue" "issue endpoint --from $set" "issue door --from $set --to $tmp/w" "verify --as guest" "verify --as device --root x" \
	"issue endpoint --from $set --to $tmp/w --flaw none" "issue external-ca --from $set --to $tmp/w --new-key" "make" "make a b" \
	"issue vehicle --from $set --to $tmp/w --flaw other-device-maker" "make $tmp/w --environment ../x" "make $tmp/w --seed -1" \
	"make $tmp/w --not-after 2030" "verify --as owner --root $root $set/vehicle.pem" "show"; do
	# shellcheck disable=SC2086 # words
	try 64 "wrong use: $(echo "$wrong" | sed "s|$tmp|TMP|g" | cut -c1-60)" "$ca" $wrong
done
[ ! -e "$tmp/w" ]
ok $? "and nothing was made"

# Keys that others can read.
cp -r "$set" "$tmp/open"
chmod 640 "$tmp/open/instance-ca.key"
try 78 "a private key that others can read is refused" "$ca" issue endpoint --from "$tmp/open" --to "$tmp/o1"
holds "$tmp/err" "chmod 600" "and what to do is said"

# Throw-away sets.
try 0 "make --seed" "$ca" make "$tmp/a" --seed 42
try 0 "and again" "$ca" make "$tmp/b" --seed 42
diff -r "$tmp/a" "$tmp/b" >/dev/null
ok $? "the same seed makes the same set"
try 0 "with another seed" "$ca" make "$tmp/c" --seed 43 --environment test
cmp -s "$tmp/a/test/root.key" "$tmp/c/test/root.key"
is $? 1 "another seed makes another"
cmp -s "$tmp/a/test/root.key" "$tmp/a/production/root.key"
is $? 1 "and another environment another"
is "$(grep -lx 'test_key: throw-away' "$tmp"/a/test/*.key | wc -l)" 10 "its keys say that they are throw-away ones"
chmod 644 "$tmp"/a/test/*.key
try 0 "so others may read them" "$ca" issue endpoint --from "$tmp/a/test" --to "$tmp/o2" --new-key
holds "$tmp/o2.key" "test_key: throw-away" "and so says a key made with them"
is "$(grep -Lx 'test_key: throw-away' fixtures/pki/throw-away/*/*.key)" "" "the committed keys are throw-away ones"
dir=fixtures/pki/throw-away/test
try 0 "the committed set is accepted" "$ca" verify --as owner --root $dir/root.pem --vehicle-id e2d3826f45b052e0 \
	$dir/external-ca.pem $dir/friend-instance-ca.pem $dir/friend-endpoint.pem
try 75 "a full disk" sh -c "'$ca' show $dir/root.pem >/dev/full"
mkdir "$tmp/ro" && chmod 500 "$tmp/ro"
[ "$(id -u)" = 0 ] || try 75 "a folder that cannot be written" "$ca" make "$tmp/ro/x"
done_testing
