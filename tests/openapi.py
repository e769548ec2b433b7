"""Holds the mock against its own OpenAPI document: schemathesis asks, and finds neither a 5xx nor an answer that the
document does not know.

    python3 tests/openapi.py MOCK_SERVER SCHEMATHESIS [ARGUMENT...]

The arguments go on to `schemathesis run`. Needs nothing but Python; the settings are in openapi.toml beside it.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

SESSION = "test_session_001"
# One track of sound (RFC 8866, RFC 8829): who has sent it is connected, and no call waits for that any more.
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=fingerprint:sha-256 AB:CD:EF",
        "a=ice-ufrag:4ZcD",
        "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlzz",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=rtpmap:111 opus/48000/2",
        "a=mid:0",
        "a=sendonly",
        "a=setup:actpass",
        "a=rtcp-mux",
        "",
    ]
)


def post(base, path, body=None, bearer=None):
    request = urllib.request.Request(base + path, method="POST")
    request.data = json.dumps(body or {}).encode()
    request.add_header("Content-Type", "application/json")
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def sign_in(base, number):
    who = {"email": f"loadtest_user_{number}@wwmaa.com", "password": "test_password_123"}
    return post(base, "/api/auth/login", who)["access_token"]


def join(base, user):
    path = f"/api/rtc/sessions/{SESSION}"
    return post(base, f"{path}/join", {"user_id": user, "participant_name": user})["access_token"]


def video(base, user):
    """Somebody with video: their token and the application's id."""
    access = join(base, user)
    path = f"/api/rtc/sessions/{SESSION}/video-token"
    answer = post(base, path, {"access_token": access}, access)
    return answer["video_token"], answer["app_id"]


def connect(base, app, token):
    """An SFU session that is connected: its id."""
    path = f"/v1/apps/{app}/sessions"
    session = post(base, f"{path}/new", bearer=token)["sessionId"]
    track = {"location": "local", "mid": "0", "trackName": "sound"}
    offered = {"sessionDescription": {"type": "offer", "sdp": OFFER}, "tracks": [track]}
    post(base, f"{path}/{session}/tracks/new", offered, token)
    return session


def variables(base):
    """What openapi.toml asks for. Every token is from a sign-in of its own: what ends one must not end another."""
    token, app = video(base, "has_video")
    return {
        "MEMBER_TOKEN": sign_in(base, 0),
        "LOGOUT_TOKEN": sign_in(base, 1),
        "SESSION_TOKEN": join(base, "has_none"),
        "VIDEO_TOKEN": token,
        "OTHER_VIDEO_TOKEN": video(base, "has_many")[0],
        "SFU_APP": app,
        "SFU_SESSION": connect(base, app, token),
    }


def main():
    mock_server, schemathesis, *arguments = sys.argv[1:]
    settings = pathlib.Path(__file__).with_name("openapi.toml")
    mock = subprocess.Popen(
        [mock_server, "--world", "--port", "0", "--no-media", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        base = mock.stdout.readline().removeprefix("listening on ").strip()
        command = [schemathesis, "--config-file", str(settings), "run", f"{base}/openapi.json"]
        ended = subprocess.run([*command, *arguments], env={**os.environ, **variables(base)})
    finally:
        mock.terminate()
        mock.wait()
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
