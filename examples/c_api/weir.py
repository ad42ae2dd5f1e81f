"""Three requests of one client under a plan with a burst of two, by ctypes:

python3 weir.py
"""

import ctypes
import json


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class Decision(ctypes.Structure):
    _fields_ = (
        [("size", ctypes.c_size_t)]
        + [(name, ctypes.c_uint8) for name in ("outcome", "forbidden", "limit")]
        + [("reserved", ctypes.c_uint8 * 5)]
        + [
            (name, ctypes.c_int64)
            for name in (
                *("retry_after_ns", "made_at_unix_ns", "burst", "burst_window_seconds"),
                *("quota_limit", "quota_remaining"),
            )
        ]
        + [(name, ctypes.c_uint64) for name in ("units_remaining", "units_per_token")]
        + [(name, ctypes.c_int32) for name in ("day", "calendar")]
    )


ADMITTED = 1

weir = ctypes.CDLL("libweir.so.1")
assert weir.weir_abi_version() == 1
# Without these, ctypes would cut pointers and sizes to 32 bits.
SIZE, POINTER = ctypes.c_size_t, ctypes.c_void_p
weir.weir_admit.argtypes = [POINTER, ctypes.c_char_p, SIZE, ctypes.c_uint32, ctypes.c_uint32]
weir.weir_admit.argtypes += [POINTER]
weir.weir_close.argtypes = [POINTER]


class WeirError(Exception):
    pass


def call(function, *arguments):
    """Calls a function of the control plane; texts become pointers and lengths."""
    answer = Text()
    flat = []
    for argument in arguments:
        if isinstance(argument, str):
            text = argument.encode()
            flat += [ctypes.c_char_p(text), SIZE(len(text))]
        else:
            flat.append(argument)
    code = function(*flat, ctypes.byref(answer))
    text = ctypes.string_at(answer.data, answer.size).decode()
    weir.weir_text_free(ctypes.byref(answer))
    if code != 0:
        raise WeirError(text)
    return text


def main():
    enforcer = POINTER()
    call(weir.weir_open, None, ctypes.byref(enforcer))
    plan = {
        "id": "basic",
        "name": "basic",
        "apiStages": [{"apiId": "a1b2c3", "stage": "prod"}],
        "throttle": {"rateLimit": 0.1, "burstLimit": 2},
    }
    call(weir.weir_create_usage_plan, enforcer, json.dumps(plan))
    key = {"name": "client", "enabled": True, "value": "a-secret-of-20-characters"}
    call(weir.weir_import_api_keys, enforcer, json.dumps([key]), "basic")
    route = ctypes.c_uint32()
    call(
        *(weir.weir_intern_route, enforcer, "a1b2c3", "prod", "/pets/GET"),
        ctypes.byref(route),
    )

    value = key["value"].encode()
    decision = Decision(size=ctypes.sizeof(Decision))
    for _ in range(3):
        outcome = weir.weir_admit(enforcer, value, len(value), route, 1, ctypes.byref(decision))
        if outcome == ADMITTED:
            print("200 OK")
        else:
            status = weir.weir_http_status(ctypes.byref(decision), None, None)
            print(f"{status}, retry after {decision.retry_after_ns / 1e9:.3f} s")
    weir.weir_close(enforcer)


main()
