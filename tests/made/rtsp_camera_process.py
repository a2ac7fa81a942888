"""A camera that speaks RTSP, on GStreamer: run by the system's Python, which has its bindings.

``/usr/bin/python3 rtsp_camera_process.py ADDRESS PORT WIDTH HEIGHT [FILM]`` serves ``/live``
(H.264, 15 frames a second, a key frame a second, the bouncing ball of videotestsrc), ``/jpeg``
(Motion JPEG), ``/film``, an MP4 from its beginning to its end, and ``/broken``, whose pipeline
fails; on the next port ``/live`` for the user ``admin`` with the password ``p@ss/w0rd``. A line on
stdout says that it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

RATE = 15
address, port = sys.argv[1], int(sys.argv[2])
width, height = sys.argv[3:5]
film = sys.argv[5] if len(sys.argv) > 5 else "/nowhere/at/all"
sent = "qtdemux ! h264parse ! rtph264pay name=pay0"
Gst.init(None)
filmed = (
    f"videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width={width},"
    f"height={height},framerate={RATE}/1 ! "
)
streams = {
    "/live": f"{filmed} openh264enc gop-size={RATE} ! h264parse ! rtph264pay name=pay0 pt=96",
    "/jpeg": f"{filmed} jpegenc ! rtpjpegpay name=pay0 pt=26",
    "/film": f"filesrc location={film} ! {sent}",
    "/broken": f"filesrc location=/nowhere/at/all ! {sent}",
}


def serve(service, names, auth=None):
    server = GstRtspServer.RTSPServer()
    server.set_address(address)
    server.set_service(str(service))
    mounts = server.get_mount_points()
    for name in names:
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {streams[name]} )")
        factory.set_shared(True)
        if auth is not None:
            allowed = GstRtspServer.RTSPPermissions()
            allowed.add_permission_for_role("user", "media.factory.access", True)
            allowed.add_permission_for_role("user", "media.factory.construct", True)
            factory.set_permissions(allowed)
        mounts.add_factory(name, factory)
    if auth is not None:
        server.set_auth(auth)
    if not server.attach(None):
        sys.exit(f"port {service} is taken")
    return server


login = GstRtspServer.RTSPAuth()
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "user")
login.add_basic(GstRtspServer.RTSPAuth.make_basic("admin", "p@ss/w0rd"), token)
servers = [serve(port, streams), serve(port + 1, ["/live"], login)]
print("listening", flush=True)
GLib.MainLoop().run()
