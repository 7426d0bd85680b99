"""The bill of materials: which libraries are inside the program, in which versions, under which licences (SPDX 2.3)."""
import hashlib
import json
import time

# name: licence, where the source is; the versions come from the image, where the program was linked
PARTS = {
    "civetweb": ("MIT", "https://github.com/civetweb/civetweb", "Copyright (c) 2013-2021 the CivetWeb developers"),
    "cjson": ("MIT", "https://github.com/DaveGamble/cJSON", "Copyright (c) 2009-2017 Dave Gamble and cJSON contributors"),
    "htm": ("Apache-2.0", "https://github.com/developit/htm", "Copyright 2018 Google Inc."),
    "preact": ("MIT", "https://github.com/preactjs/preact", "Copyright (c) 2015-present Jason Miller"),
    "openssl": ("Apache-2.0", "https://www.openssl.org", "Copyright The OpenSSL Project Authors"),
    "zlib": ("Zlib", "https://zlib.net", "Copyright Jean-loup Gailly and Mark Adler"),
    "glibc": ("LGPL-2.1-or-later", "https://www.gnu.org/software/libc/", "Copyright The GNU Toolchain Authors"),
}
# modules of the pages, taken from npm; the others are linked, and come from Debian
PAGES = ("htm", "preact")
# of a package that has the program in it
LICENSE = "MIT AND Apache-2.0 AND Zlib AND LGPL-2.1-or-later"
HOME = "https://github.com/intacct-mock/intacct-mock"


def document(version, epoch, images):
    """SPDX 2.3 as JSON text; the same for the same input."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    programs = {image.arch: image for image in images}
    sums = {arch: hashlib.sha256(image.program).hexdigest() for arch, image in programs.items()}
    packages, relations = [], []
    for arch, image in sorted(programs.items()):
        program = f"SPDXRef-intacct-mock-linux-{arch.replace('_', '-')}"
        packages.append({**package(program, "intacct-mock", version, "MIT", HOME, "Copyright the intacct-mock authors"),
                         "packageFileName": f"intacct-mock-linux-{arch}",
                         "checksums": [{"algorithm": "SHA256", "checksumValue": sums[arch]}],
                         "primaryPackagePurpose": "APPLICATION"})
        relations.append(relation("SPDXRef-DOCUMENT", "DESCRIBES", program))
        for name, (licence, home, rights) in PARTS.items():
            part = f"SPDXRef-{name}-{arch.replace('_', '-')}"
            packages.append({**package(part, name, image.versions[name], licence, home, rights),
                             "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                               "referenceLocator": purl(name, image.versions[name])}],
                             "primaryPackagePurpose": "LIBRARY"})
            relations.append(relation(program, "CONTAINS" if name in PAGES else "STATIC_LINK", part))
    namespace = f"{HOME}/spdx/intacct-mock-{version}-" + hashlib.sha256("".join(sorted(sums.values())).encode()).hexdigest()
    return json.dumps({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
                       "name": f"intacct-mock-{version}", "documentNamespace": namespace,
                       "creationInfo": {"created": created, "creators": ["Tool: intacct-mock-packages"]},
                       "packages": packages, "relationships": relations}, indent=2) + "\n"


def purl(name, version):
    """The npm package, or the Debian source package that it was built from or whose library was linked."""
    if name in PAGES:
        return f"pkg:npm/{name}@{version}"
    return f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace('~', '%7E')}?arch=source"


def package(ref, name, version, licence, home, rights):
    return {"SPDXID": ref, "name": name, "versionInfo": version, "downloadLocation": home, "filesAnalyzed": False,
            "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": rights,
            "supplier": "NOASSERTION"}


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
