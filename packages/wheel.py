"""Wheels of the Python package: the program among the environment's scripts, the package `intacct_mock` beside it. Written
by hand because no build backend puts a program that exists already into a wheel; the formats are the wheel
specification's 1.0 and the core metadata's 2.4."""
import base64
import hashlib

from archives import write_zip
from sbom import HOME, LICENSE

# The program is linked statically, so any kernel's C library will do; these are the oldest that pip knows well.
TAGS = ("manylinux2014_{}", "musllinux_1_1_{}")

METADATA = """\
Metadata-Version: 2.4
Name: intacct-mock
Version: {version}
Summary: A mock Sage Intacct OAuth server for tests, with a pytest plugin. Not affiliated with Sage.
Project-URL: Homepage, {home}
Author: the intacct-mock authors
License-Expression: {license}
{license_files}Keywords: sage,intacct,oauth,mock,pytest
Classifier: Development Status :: 4 - Beta
Classifier: Framework :: Pytest
Classifier: Intended Audience :: Developers
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Classifier: Topic :: Software Development :: Testing :: Mocking
Classifier: Typing :: Typed
Requires-Python: >=3.9
Provides-Extra: pytest
Requires-Dist: pytest>=8; extra == "pytest"
Description-Content-Type: text/markdown

{readme}"""

WHEEL = "Wheel-Version: 1.0\nGenerator: intacct-mock ({version})\nRoot-Is-Purelib: false\n{tags}"
ENTRY_POINTS = "[pytest11]\nintacct = intacct_mock.pytest_plugin\n"


def write(out, version, epoch, image, sources):
    """One wheel for the image's processor, of the sources {name: bytes} below packages/python."""
    info = f"intacct_mock-{version}.dist-info"
    platforms = [tag.format(image.arch) for tag in TAGS]
    licenses = {name.split("/")[1]: data for name, data in image.licenses.items()}
    readme = sources["README.md"].decode()
    metadata = METADATA.format(version=version, home=HOME, license=LICENSE, readme=readme,
                               license_files="".join(f"License-File: {name}\n" for name in sorted(licenses)))
    tags = "".join(f"Tag: py3-none-{platform}\n" for platform in platforms)

    files = {name: data for name, data in sources.items() if name.startswith("intacct_mock/")}
    files[f"intacct_mock-{version}.data/scripts/intacct-mock"] = image.program
    files[f"{info}/METADATA"] = metadata.encode()
    files[f"{info}/WHEEL"] = WHEEL.format(version=version, tags=tags).encode()
    files[f"{info}/entry_points.txt"] = ENTRY_POINTS.encode()
    files.update({f"{info}/licenses/{name}": data for name, data in licenses.items()})
    record = f"{info}/RECORD"
    files[record] = ("".join(f"{name},{digest(data)},{len(data)}\n" for name, data in sorted(files.items()))
                     + f"{record},,\n").encode()

    path = out / f"intacct_mock-{version}-py3-none-{'.'.join(platforms)}.whl"
    # the specification recommends that the metadata stand at the end, the list of sums last
    write_zip(path, files, epoch, last=[*sorted(name for name in files if name.startswith(info) and name != record), record])
    return path


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
