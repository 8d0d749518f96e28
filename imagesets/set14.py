"""Set14: fourteen pictures, a test set of super-resolution (Zeyde et al., 2010); one is grey."""

from imagesets._classic import Config, classic, own_files
from priorbench.pictures import Pictures

LABEL = "Set14"
IN_FILES = True
OWN_FILES = "."
TEST_ONLY = True
ORIGIN = "PNG or BMP files of its own names, such as zebra.png or zebra_GT.bmp"
SIZES = {
    "baboon": (500, 480),
    "barbara": (720, 576),
    "bridge": (512, 512),
    "coastguard": (352, 288),
    "comic": (250, 361),
    "face": (276, 276),
    "flowers": (500, 362),
    "foreman": (352, 288),
    "lenna": (512, 512),
    "man": (512, 512),
    "monarch": (768, 512),
    "pepper": (512, 512),
    "ppt3": (529, 656),
    "zebra": (586, 391),
}
# sha256 of the pixels in RGB, of a copy that is passed on as PNG files
PIXELS = {
    "baboon": "98907465928a27865658a818db29276338ea9eaf528f7dbe1515a0d800f74614",
    "barbara": "0267e5896588256605a865df7b6bbe7c346b8059e970bbf8cae99b0973f38cec",
    "bridge": "278689daf6c3cb7add8f09315fc6079fe987f5ecd4d98871ffc34ec5d84aefa8",
    "coastguard": "59e27df80c33a7cbef338414b81a5745cc9bf8d72a6d9275d7c773cd9f149520",
    "comic": "57505129f413912195e0ef1875d3deb72259776ed934c455e12e5cbe743ac9f6",
    "face": "10729944d3efb29e5ec99a92cb80ddfa4a69f6853549ba9691a98dd81a01ebf7",
    "flowers": "806ffffa563c57c5c1583872a4c3aba620c3a590d61b68f0bbccf5aabaedd528",
    "foreman": "df44893b86c999937d2354ff96a9b56ccf95afbac530005bdb342f3b84eca818",
    "lenna": "467e7e33da6f66bd3b9a61510cb7ce87d7fd004d82d8a15e3febecd7a5f314c9",
    "man": "6b586ecfe5e768e612442c459430a451ba4490934d28ec7ac6c6ccfd025f802a",
    "monarch": "601d3e0f5563eeef71d45f8a89ac73cf2f3d546cf572b8f8744950d17927c0d8",
    "pepper": "a18d4e9adaa8677dbf9d454680ace6000767e81a349ddbebf988670d1623bb85",
    "ppt3": "a855ec6f6aae3f6e18fe4830751437f99f5735156da92c40208d87b1632fa530",
    "zebra": "caab9603b04192480c22bdb13717612760a531a7f127ee0fa6c471bf34ca6c52",
}


def build(cfg: Config) -> Pictures:
    """Return the fourteen pictures."""
    files, found = own_files("set14", SIZES, PIXELS, ORIGIN)
    return classic(
        files,
        cfg,
        source="Set14 (Zeyde, Elad, Protter, Curves and Surfaces 2010)",
        licence="none stated; research",
        **found,
    )
