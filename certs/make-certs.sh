#!/bin/sh
# Makes a CA and certificates of it as files, for those who want files: a good one and the bad ones that the
# server otherwise makes in memory. What is there and still good is left as it is.
#
#   certs/make-certs.sh [FOLDER [NAME ...]]      FOLDER: ./out; NAME: DNS names or addresses besides localhost
#
#   ca.pem              trust this           server.pem         good for a year
#   expired.pem         ended in 2021        not-yet-valid.pem  begins in 2045
#   wrong-host.pem      for another host     untrusted.pem      by a CA that nobody knows
#
# and beside each NAME.pem its private key, NAME-key.pem. Needs the openssl command, 1.1.1 or later.
set -eu
umask 077

here=$(cd "$(dirname "$0")" && pwd)
config=$here/openssl.cnf

fail() {
	printf 'make-certs.sh: %s\n' "$1" >&2
	exit 1
}

case ${1-} in
-h | --help)
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
	exit 0
	;;
-*) fail "unknown option $1; the first argument is a folder (default: ./out), the others are names" ;;
esac
out=${1:-./out}
[ $# -eq 0 ] || shift
command -v openssl >/dev/null || fail "the openssl command is missing; install the package openssl"
mkdir -p "$out" || fail "making the folder $out failed; name one that can be written"
work=$(mktemp -d "$out/.making.XXXXXX") || fail "writing to $out failed; name a folder that can be written"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

names="DNS:localhost,DNS:*.localhost,IP:127.0.0.1,IP:::1,DNS:intacct-mock"
for name; do
	case $name in
	'' | *[!A-Za-z0-9.:*_-]*) fail "\"$name\" is neither a DNS name nor an address" ;;
	*:*) names=$names,IP:$name ;;
	*[!0-9.]*) names=$names,DNS:$name ;;
	*) names=$names,IP:$name ;;
	esac
done

# quietly COMMAND: what it says is shown only when it fails
quietly() {
	"$@" >"$work/said" 2>&1 || fail "$(printf '%s failed: ' "$*" && cat "$work/said")"
}

new_key() {
	quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# openssl_with COMMON_NAME NAMES COMMAND
openssl_with() {
	COMMON_NAME=$1 NAMES=$2
	export COMMON_NAME NAMES
	FOLDER=$work
	export FOLDER
	shift 2
	quietly openssl "$@"
}

# make_ca BASE: BASE.pem and BASE-key.pem
make_ca() {
	new_key "$1-key.pem"
	id=$(openssl rand -hex 4)
	openssl_with "intacct-mock test CA $id" "$names" req -x509 -new -sha256 -config "$config" \
		-extensions authority -days 3650 -key "$1-key.pem" -out "$1.pem"
}

# sign CA NAME NAMES DATES...: into the folder, the key first, so that no certificate is there without it
sign() {
	ca=$1 name=$2 sans=$3
	shift 3
	new_key "$work/$name-key.pem"
	openssl_with localhost "$sans" req -new -config "$config" -key "$work/$name-key.pem" -out "$work/csr"
	: >"$work/index.txt"
	openssl_with localhost "$sans" ca -batch -notext -config "$config" -cert "$ca.pem" -keyfile "$ca-key.pem" \
		-in "$work/csr" -out "$work/$name.pem" "$@"
	install_pair "$name"
}

install_pair() {
	chmod 644 "$work/$1.pem"
	rm -f "$out/$1.pem"
	mv "$work/$1-key.pem" "$out/$1-key.pem"
	mv "$work/$1.pem" "$out/$1.pem"
	printf 'made %s\n' "$out/$1.pem"
}

fits_key() {
	[ -f "$out/$1.pem" ] && [ -f "$out/$1-key.pem" ] &&
		[ "$(openssl x509 -in "$out/$1.pem" -noout -pubkey 2>&1)" = \
			"$(openssl pkey -in "$out/$1-key.pem" -pubout 2>&1 || echo none)" ]
}

by_our_ca() {
	openssl verify -no_check_time -CAfile "$out/ca.pem" "$out/$1.pem" >/dev/null 2>&1
}

in_a_month() {
	openssl x509 -in "$out/$1.pem" -noout -checkend 2592000 >/dev/null 2>&1
}

same_names() {
	[ "$(cat "$out/names" 2>/dev/null)" = "$names" ]
}

if ! fits_key ca || ! in_a_month ca; then
	make_ca "$work/ca"
	install_pair ca
fi
same_names || rm -f "$out/server.pem" "$out/expired.pem" "$out/not-yet-valid.pem" "$out/untrusted.pem"

if ! fits_key server || ! by_our_ca server || ! in_a_month server; then
	sign "$out/ca" server "$names" -days 397
fi
if ! fits_key expired || ! by_our_ca expired; then
	sign "$out/ca" expired "$names" -startdate 20200101000000Z -enddate 20210101000000Z
fi
if ! fits_key not-yet-valid || ! by_our_ca not-yet-valid; then
	sign "$out/ca" not-yet-valid "$names" -startdate 20450101000000Z -enddate 20460101000000Z
fi
if ! fits_key wrong-host || ! by_our_ca wrong-host || ! in_a_month wrong-host; then
	sign "$out/ca" wrong-host DNS:another-host.invalid -days 397
fi
if ! fits_key untrusted || by_our_ca untrusted || ! in_a_month untrusted; then
	make_ca "$work/stranger"
	sign "$work/stranger" untrusted "$names" -days 397
fi
printf '%s\n' "$names" >"$work/names"
mv "$work/names" "$out/names"
