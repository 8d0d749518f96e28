"""What publishers state of their files, as image sets have it: sizes, checksums, parts."""

import pytest

from imagesets import (
    _celeba,
    bsd68,
    cbsd68,
    celeba,
    celebahq,
    cifar10,
    dip_images,
    fashion_mnist,
    frogs,
    kodak,
    lsun_bedroom,
    set5,
    set14,
    svhn,
)
from priorbench.download import Remote

MD5 = {
    "img_align_celeba.zip": "00d2c5bc6d35e252742224ab0c1e8fcb",
    "list_eval_partition.txt": "d32c9cbf5e040fd4025c592c306e6668",
    "identity_CelebA.txt": "32bd1bd63d3c78cd57e08160ec5ed1e2",
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
    "cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530",
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
FETCHED: list[Remote] = [
    *(_celeba.FACES, _celeba.PARTITION, _celeba.IDENTITY, svhn.TRAIN, svhn.TEST, cifar10.ARCHIVE),
    *fashion_mnist.FILES,
]
# bytes of the files; where a publisher states none, what is enough for them and not for more
LARGEST = 2_000_000_001


@pytest.mark.parametrize("remote", FETCHED, ids=lambda remote: remote.name)
def test_a_fetched_file_has_the_checksum_that_its_publisher_states(remote: Remote) -> None:
    assert remote.checksum == f"md5:{MD5[remote.name]}"
    assert 1_000_000 < (remote.size or remote.limit) < LARGEST


def test_pictures_of_deep_image_prior_are_in_the_folders_of_its_repository() -> None:
    for remote in dip_images.FILES:
        assert remote.url.endswith(f"/deep-image-prior/master/data/{remote.name}")
        assert remote.checksum.startswith("sha256:") and remote.limit <= 10_000_000


def test_every_photograph_of_kodak_has_a_checksum_of_its_own() -> None:
    first, *_, last = kodak.FILES
    assert [first.name, last.name] == ["kodim01.png", "kodim24.png"]
    assert {len(remote.checksum) for remote in kodak.FILES} == {len("sha256:") + 64}
    assert len({remote.checksum for remote in kodak.FILES}) == 24
    for remote in kodak.FILES:
        assert remote.url == f"https://r0k.us/graphics/kodak/kodak/{remote.name}"
        assert 736_501 < remote.limit <= 2_000_000  # bytes of the first


def test_the_archive_of_cbsd68_is_of_one_commit() -> None:
    assert cbsd68.ARCHIVE.url.endswith(f"/clausmichele/CBSD68-dataset/archive/{cbsd68.COMMIT}.zip")
    assert cbsd68.ARCHIVE.name.endswith(f"/CBSD68-dataset-{cbsd68.COMMIT}.zip")
    assert cbsd68.ARCHIVE.size == 190_175_417
    assert cbsd68.ARCHIVE.checksum.endswith("ce943ea20d031961e59ca4f6df76")


def test_sets_are_as_large_as_published() -> None:
    assert celebahq.COUNT == sum(celebahq.BLOCKS.values()) == 30_000
    assert lsun_bedroom.COUNTS == {"bedroom_train_lmdb": 3_033_042, "bedroom_val_lmdb": 300}
    assert (frogs.COUNT, frogs.TRAIN) == (7_796, 6_000)
    assert frogs.COUNT - frogs.TRAIN == 1_796  # the report's test images
    assert frogs.VALIDATION < frogs.TRAIN / 5
    assert (cifar10.COUNTS, fashion_mnist.COUNTS) == ((50_000, 10_000), (60_000, 10_000))
    assert {svhn.VALIDATION, cifar10.VALIDATION, fashion_mnist.VALIDATION} == {5_000}
    assert [bsd68.COUNT, cbsd68.COUNT, len(kodak.FILES)] == [68, 68, 24]
    assert bsd68.SIZE == cbsd68.SIZE == (481, 321)
    assert set(set5.SIZES) == set(set5.PIXELS) and set(set14.SIZES) == set(set14.PIXELS)
    assert [len(set5.SIZES), len(set14.SIZES), len(dip_images.FILES)] == [5, 14, 6]


def test_the_cutouts_of_celeba_are_those_of_the_papers() -> None:
    assert celeba.BOXES["whole"] is None
    left, top, right, bottom = celeba.BOXES["crop178"] or (0, 0, 0, 0)
    assert (right - left, bottom - top) == (178, 178)
    assert top == 218 - bottom and left == 178 - right  # the centre
    left, top, right, bottom = celeba.BOXES["crop128"] or (0, 0, 0, 0)
    assert (right - left, bottom - top) == (128, 128)
    assert ((left + right) / 2, (top + bottom) / 2) == (89, 121)
