#!/bin/sh
# What is installed for udev and modprobe: well-formed, and about the devices that drivers/usb.c knows.
. tools/tap.sh
rules=drivers/host/70-keybench.rules
known=drivers/usb.c

# A rule is KEY{attribute}OPERATOR"value" with commas between them, the keys as in udev(7).
grep -Ev '^(#|$)' $rules >"$tmp/rules"
part='(ACTION|DEVPATH|KERNEL|KERNELS|NAME|SUBSYSTEM|SUBSYSTEMS|DRIVER|DRIVERS|ATTRS?\{[a-z_/A-Z]+\}|ENV\{[A-Z_]+\}|TEST|IMPORT\{(builtin|program|db|file)\}|MODE|GROUP|OWNER|TAG|SYMLINK|GOTO|LABEL) ?(==|!=|=|\+=|:=)"[^"]+"'
is "$(grep -Evx "$part(, $part)*" "$tmp/rules")" "" "every rule is a list of keys and values"
is "$(grep -E '(SUBSYSTEMS?|DRIVERS?|ACTION|TEST)="|(MODE|GROUP|SYMLINK|GOTO|LABEL)=="' "$tmp/rules")" "" \
	"what matches is compared, what is set is assigned"
for label in $(grep -o 'GOTO="[^"]*"' "$tmp/rules" | sed 's/.*"\(.*\)"/\1/' | sort -u); do
	at=$(grep -nx "LABEL=\"$label\"" "$tmp/rules" | cut -d: -f1)
	last=$(grep -n "GOTO=\"$label\"" "$tmp/rules" | tail -n 1 | cut -d: -f1)
	[ "$(echo "$at" | wc -w)" -eq 1 ] && [ "$at" -gt "$last" ]
	ok $? "the label $label is there once, behind every way to it"
done
is "$(grep -c 'MODE="0*[0-7][0-7][1-7]"' "$tmp/rules")" 0 "no rule opens a device to everybody"

# vendor:product of each rule
grep -o 'ATTRS*{idVendor}=="....", ATTRS*{idProduct}=="[^"]*"' $rules |
	sed 's/.*idVendor}=="\(.*\)", .*idProduct}=="\(.*\)"/\1 \2/' |
	while read -r vendor products; do
		for product in $(echo "$products" | tr '|' ' '); do
			echo "$vendor:$product" | sed 's/\[0-9a-f\]/0/g' # a whole series goes by its first
		done
	done | sort -u >"$tmp/ruled"
# a series stands by its name there
spell='s/NUMATO_SERIES,/0x0c00,/; s/NUMATO,/0x2a19,/'
sed "$spell" $known | sed -n 's/^	{ 0x\(....\), 0x\(....\), .*/\1:\2/p' | sort -u >"$tmp/known"
is "$(comm -23 "$tmp/ruled" "$tmp/known")" "" "no rule is about a device that keybench does not know"
# CAN adapters are network interfaces: nobody opens their node
sed "$spell" $known | sed -n '/CAN/d; s/^	{ 0x\(....\), 0x\(....\), .*/\1:\2/p' | sort -u >"$tmp/opened"
is "$(comm -13 "$tmp/ruled" "$tmp/opened")" "" "every device that keybench opens has its rule"
# that number is of anybody's HID devices: a rule for it asks what the device calls itself
is "$(grep -c 'idProduct}=="05df"' $rules)" 2 "two rules are about relay boards with HID"
is "$(grep 'idProduct}=="05df"' $rules | grep -cvE 'ATTRS?\{product\}=="USBRelay\*"')" 0 "and neither opens another device with their number"
[ "$(wc -l <"$tmp/opened")" -gt 12 ]
ok $? "and there are some"

is "$(grep -Evx '#.*|blacklist [a-z0-9_]+|' drivers/host/keybench-nfc.conf)" "" "the blacklist is one"
for module in pn533_usb pn533 port100 nfc; do
	grep -qx "blacklist $module" drivers/host/keybench-nfc.conf && grep -q "\"$module\"" bench/doctor_nfc.c
	ok $? "$module is in it, and the doctor looks for it"
done
done_testing
