"""What Home Assistant is told of a camera, so that it appears there without being set up.

One retained message for each camera at ``homeassistant/device/ID/config``: the device and its
entities (developers.home-assistant.io, "MQTT device discovery"). Its schema refuses a whole device
for one unknown key at the top, so availability stands with each entity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oddframe.alerts.message import plain_name


@dataclass(frozen=True)
class Topics:
    """The topics of one camera, and that of oddframe itself.

    Attributes:
        prefix: what all begin with.
        camera: the camera's name.
    """

    prefix: str
    camera: str

    @property
    def available(self) -> str:
        """``online`` or ``offline``, retained: whether oddframe runs."""
        return f"{self.prefix}/availability"

    @property
    def set_armed(self) -> str:
        """``ON`` or ``OFF``, from whoever switches the camera's alarms."""
        return f"{self.of('armed')}/set"

    def of(self, name: str) -> str:
        """A topic of the camera: ``odd``, ``video``, ``armed``, ``score``, ``event``, ..."""
        return f"{self.prefix}/{plain_name(self.camera)}/{name}"


def discovery_id(box: str, camera: str) -> str:
    """The id of a camera's device: ``oddframe_BOX_CAMERA``."""
    return f"oddframe_{plain_name(box)}_{plain_name(camera)}"


def discovery(topics: Topics, box: str, version: str, picture: bool) -> dict[str, Any]:
    """The device of a camera and its entities.

    Args:
        topics: of the camera.
        box: the name of the machine that watches, by which two of them differ.
        version: of oddframe.
        picture: whether pictures of events are published.
    """
    own = discovery_id(box, topics.camera)
    runs = {"topic": topics.available}
    # Nothing can be said about what nobody sees: without video, unavailable is the truth.
    sees = {"topic": topics.of("video"), "payload_available": "ON", "payload_not_available": "OFF"}

    def entity(
        key: str, name: str, platform: str, *needs: dict[str, str], **more: str | int
    ) -> Any:
        return {
            "platform": platform,
            "unique_id": f"{own}_{key}",
            "name": name,
            "availability": [*needs],
            "availability_mode": "all",
            **more,
        }

    components = {
        "odd": entity(
            "odd",
            "Odd",
            "binary_sensor",
            runs,
            sees,
            device_class="motion",
            state_topic=topics.of("odd"),
            json_attributes_topic=topics.of("event"),
        ),
        "score": entity(
            "score",
            "Score",
            "sensor",
            runs,
            sees,
            state_class="measurement",
            state_topic=topics.of("score"),
            expire_after=60,
        ),
        "video": entity(
            "video",
            "Video",
            "binary_sensor",
            runs,
            device_class="connectivity",
            entity_category="diagnostic",
            state_topic=topics.of("video"),
        ),
        "armed": entity(
            "armed",
            "Alerts",
            "switch",
            runs,
            command_topic=topics.set_armed,
            state_topic=topics.of("armed"),
        ),
    }
    if picture:
        components["picture"] = entity(
            "picture",
            "Last odd moment",
            "image",
            runs,
            image_topic=topics.of("picture"),
            content_type="image/jpeg",
        )
    return {
        "device": {
            "identifiers": [own],
            "name": f"oddframe {topics.camera}",
            "manufacturer": "oddframe",
            "sw_version": version,
        },
        "origin": {"name": "oddframe", "sw_version": version},
        "components": components,
    }
