#!/bin/sh
# Known-answer files as a user meets them, by either program.
. tools/tap.sh
vectors=fixtures/vectors

# try STATUS NAME ARGUMENT...: both programs; what they say is compared.
try() {
	want=$1
	name=$2
	shift 2
	"$bin/keybench" kat "$@" >"$tmp/out" 2>"$tmp/err"
	is $? "$want" "$name: keybench kat ends with $want"
	"$bin/keybench-kat" "$@" >"$tmp/out2" 2>"$tmp/err2"
	is $? "$want" "$name: keybench-kat ends with $want"
	cmp -s "$tmp/out" "$tmp/out2"
	ok $? "$name: both say the same"
}

try 64 "no file"
try 64 "an unknown option" --frobnicate $vectors/rfc4493_aes_cmac.json
"$bin/keybench-kat" --help >"$tmp/out"
is $? 0 "--help ends with 0"
holds "$tmp/out" "FILE.json" "--help shows the usage"
try 0 "a good file" $vectors/rfc4493_aes_cmac.json
holds "$tmp/out" "AES-CMAC: 4 vectors, 7 values: passed" "it says what was run"
cp $vectors/rfc4493_aes_cmac.json "$tmp/name-that-says-nothing"
try 0 "a file under another name" "$tmp/name-that-says-nothing"
sed 's/070a16b46b4d4144/070a16b46b4d4145/' $vectors/rfc4493_aes_cmac.json >"$tmp/f.json"
try 1 "a changed answer" "$tmp/f.json"
holds "$tmp/out" "f.json: vectors[1].mac: expected 070a16b46b4d4145f79bdd9dd04a287c, got 070a16b46b4d4144f79bdd9dd04a287c" \
	"it names vector, field, expected and got"
sed 's/"k1":/"k9":/' $vectors/rfc4493_aes_cmac.json >"$tmp/f.json"
try 3 "an answer under an unknown key" "$tmp/f.json"
holds "$tmp/out" "f.json: k9: not looked at" "it names the key"
sed 's/"dk-ccc-1.0"/"dk-none"/' $vectors/bench_transaction_dk_ccc_1_0.json >"$tmp/f.json"
try 3 "a protocol that nobody knows" "$tmp/f.json"
holds "$tmp/out" "not yet covered: there is no protocol profile dk-none" "it says which"
sed 's/"mac": "070a16b46b4d4144f79bdd9dd04a287c"/"mac": "070a"/' $vectors/rfc4493_aes_cmac.json >"$tmp/f.json"
try 78 "an answer of a wrong length" "$tmp/f.json"
holds "$tmp/err" "f.json: vectors[1].mac: 16 bytes are needed, here are 2" "it names the value"
sed 's/"vectors"/"vecters"/' $vectors/rfc4493_aes_cmac.json >"$tmp/f.json"
try 78 "a missing list" "$tmp/f.json"
head -c 200 $vectors/rfc4493_aes_cmac.json >"$tmp/f.json"
try 78 "a torn file" "$tmp/f.json"
grep -qE 'f\.json:[0-9]+:[0-9]+: ' "$tmp/err"
ok $? "it says file, line and column"
head -c 4096 /bin/sh >"$tmp/f.json"
try 78 "a binary file" "$tmp/f.json"
: >"$tmp/f.json"
try 78 "an empty file" "$tmp/f.json"
head -c 5000000 /dev/zero | tr '\0' '[' >"$tmp/f.json"
try 78 "a huge file" "$tmp/f.json"
try 78 "a directory" "$tmp"
try 78 "a missing file" "$tmp/nothing.json"
for program in keybench-kat "keybench kat"; do
	# shellcheck disable=SC2086 # the second is two words
	"$bin"/$program $vectors/rfc4493_aes_cmac.json >/dev/full 2>"$tmp/err"
	is $? 75 "$program: what cannot be written has not passed"
done
mkfifo "$tmp/fifo"
try 78 "a fifo nobody writes to" "$tmp/fifo"
try 0 "all files of the tree" $vectors/*.json
is "$(grep -c ': passed$' "$tmp/out")" "$(ls $vectors/*.json | wc -l)" "each of them passes"
done_testing
