"""The mock inside a Python process, by ctypes: started, asked for, stopped.

    python3 from_python.py [/path/to/libintacct-mock.so]
"""
import ctypes
import sys
import urllib.request

im = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "libintacct-mock.so.1")
im.im_start.restype = ctypes.c_void_p
im.im_base_url.restype = ctypes.c_void_p  # a text of ours to free, so not c_char_p
im.im_base_url.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
im.im_free.argtypes = im.im_stop.argtypes = [ctypes.c_void_p]

error = ctypes.create_string_buffer(512)
mock = im.im_start(None, error, ctypes.c_size_t(len(error)))
if not mock:
    sys.exit(error.value.decode())
try:
    text = im.im_base_url(mock, b"happy-path.python", error, len(error))
    if not text:
        sys.exit(error.value.decode())
    url = ctypes.string_at(text).decode()
    im.im_free(text)
    form = b"grant_type=client_credentials&client_id=demo&client_secret=demo-secret&username=ws_user@acme"
    with urllib.request.urlopen(url + "/ia/api/v1/oauth2/token", form, timeout=10) as answer:
        print(url, answer.status)
finally:
    im.im_stop(mock)
