#!/usr/bin/env bash
# Gets the program into $RUNNER_TEMP/intacct-mock: of release MOCK_VERSION, or from MOCK_PATH, a program or a tarball that is
# here already. A tarball is used only if SHA256SUMS beside it names it with the right sum.
set -euo pipefail

releases=${MOCK_RELEASES:-https://github.com/intacct-mock/intacct-mock/releases/download}
into=$RUNNER_TEMP/intacct-mock
mkdir -p "$into"

unpack() {
    local folder name
    folder=$(dirname "$1") name=$(basename "$1")
    if ! (cd "$folder" && grep -F "  $name" SHA256SUMS | sha256sum --check --strict --quiet -); then
        echo "::error::intacct-mock: $1 is not what SHA256SUMS beside it says; nothing of it is used"
        exit 1
    fi
    tar -xzf "$1" -C "$into" --strip-components=1
}

case ${MOCK_PATH:-} in
*.tar.gz) unpack "$MOCK_PATH" ;;
"")
    name=intacct-mock-$MOCK_VERSION-linux-$(uname -m).tar.gz
    for file in "$name" SHA256SUMS; do
        curl -fsSL --retry 3 -o "$into/$file" "$releases/v$MOCK_VERSION/$file" || {
            echo "::error::intacct-mock: $releases/v$MOCK_VERSION/$file cannot be downloaded; is there a release $MOCK_VERSION?"
            exit 1
        }
    done
    unpack "$into/$name"
    ;;
*) install -m 755 "$MOCK_PATH" "$into/intacct-mock" ;;
esac
"$into/intacct-mock" version
