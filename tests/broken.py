"""Plugins broken on purpose: what `priorbench new` writes, with edits that break one rule.

Of each kind of plugin: what is wrong -> the rule that it breaks, and edits (old text, new text).
"""

Edit = tuple[str, str]
Case = tuple[str, tuple[Edit, ...]]

SEARCH = '    return search(decode, start, seen, loop, steps=cfg.steps, lr=cfg.lr, loss="mse")'
FOUND = SEARCH.replace("return", "images =")
STEP = "        model.mean.lerp_("  # a line of training
OWN_SEARCH = """    code = start.clone().requires_grad_()
    adam = torch.optim.Adam([code], lr=cfg.lr)
    for _ in loop.steps(cfg.steps, "restore"):
        loop.descend((seen.degrade(decode(code)) - seen.y).square().sum(), adam)
    return decode(code.detach())"""
AVERAGED = OWN_SEARCH.replace(
    "adam = torch.optim.Adam([code], lr=cfg.lr)",
    "adam = loop.keep(torch.optim.SGD([code], lr=10.0))\n    loop.keep(code)",
).replace(".sum()", ".mean()")
TWO_SEARCHED = OWN_SEARCH.replace(
    "    adam = torch.optim.Adam([code], lr=cfg.lr)",
    "    other = torch.zeros(1, requires_grad=True)\n"
    "    adam = loop.keep(torch.optim.Adam([code, other], lr=cfg.lr))\n"
    "    loop.keep(code)",
)
PEEKING = """    import sys

    frame = sys._getframe()
    while frame := frame.f_back:
        x = frame.f_locals.get("x")
        if isinstance(x, Tensor) and x.shape == (len(seen), *seen.shape):
            return x
"""
SPAWNING = """        import os

        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
"""
WRITING = """        from pathlib import Path
        from priorbench.files import write_json

        write_json(Path(__file__).with_name("mine.json"), {})
"""
WEIGHTS = """        loop.once("mine", lambda: {"a": codes})
        load_file(loop.folder / "once-mine.safetensors")
"""
CALLING = """        import socket

        try:
            socket.create_connection(("127.0.0.1", 9), timeout=0.1).close()
        except OSError:
            pass
"""


def breaks(rule: str, *edits: Edit) -> Case:
    """Return a case."""
    return rule, edits


def ends(rule: str, images: str, first: str = "") -> Case:
    """Return a method whose restoration ends in another expression of `images`."""
    return rule, ((SEARCH, f"{first}{FOUND}\n    return {images}"),)


def begins(rule: str, code: str) -> Case:
    """Return a method whose restoration begins with `code`."""
    return rule, ((SEARCH, f"{code}\n{SEARCH}"),)


def made_of(seed: str) -> tuple[Edit, ...]:
    """Return edits of a task that draws with numpy, from a generator made of `seed`."""
    drawn = f"torch.tensor(np.random.default_rng({seed}).random())"
    return (
        ("import torch\n", "import numpy as np\nimport torch\n"),
        ("    return {}", f'    return {{"shift": {drawn}}}'),
        ("cfg: Config)", "cfg: Config, shift: object = None)"),
        ("shape: Shape)", "shape: Shape, shift: object = None)"),
    )


def learns(rule: str, code: str) -> Case:
    """Return a method that does `code` in each step of its training."""
    return rule, ((STEP, f"{code}\n{STEP}"),)


ONCE = """import functools


@functools.cache
def table():
    return open(functools.__file__).close()


"""  # before a plugin's label: a file that only the first use of all reads
FIRST = ('LABEL = "mine', f'{ONCE}LABEL = "mine')
METHODS = {
    "no label": breaks("contract", ('LABEL = "mine"', "LABEL = 7")),
    "no restore": breaks("contract", ("def restore(", "def restored(")),
    "an argument too few": breaks("contract", ("cfg: RestoreConfig, loop: Loop", "cfg: int")),
    "options that can change": breaks("contract", ("(frozen=True)\nclass Re", "\nclass Re")),
    "samples of nobody knows what": breaks("contract", ("SAMPLES = ", "CODES = ")),
    "a model that nothing trains": breaks("contract", ("def train(", "def training(")),
    "an import that fails": breaks("contract", ('LABEL = "mine"', "LABEL = names.mine")),
    "a file that is read": learns("files and network", "        open(__file__).close()"),
    "a file that is read once": breaks(
        "files and network", FIRST, (STEP, f"        table()\n{STEP}")
    ),
    "an address that is called": learns("files and network", CALLING),
    "a command that is run": learns("files and network", "        import os; os.system('true')"),
    "tasks that are none": breaks(
        "contract", ('LABEL = "mine"', 'LABEL = "mine"\nTASKS: tuple[str, ...] = ("hole", "holes")')
    ),
    "tasks that are computed": breaks(
        "contract", ('LABEL = "mine"', 'LABEL = "mine"\nTASKS = tuple(["hole"])')
    ),
    "a file that is read on import": breaks(
        "files and network", ('LABEL = "mine"', 'LABEL = "mine"\nopen(__file__).close()')
    ),
    "weights that are read": breaks(
        "files and network",
        ('LABEL = "mine"', 'from safetensors.torch import load_file, save_file\nLABEL = "mine"'),
        (STEP, f"{WEIGHTS}\n{STEP}"),
    ),
    "a process that is started": learns("files and network", SPAWNING),
    "a file that is written by the engine's help": learns("files and network", WRITING),
    "a file that is read to decode": breaks(
        "files and network",
        (
            "        noise = torch.randn(",
            "        open(__file__).close()\n        noise = torch.randn(",
        ),
    ),
    "an error": begins("runs", "    raise ValueError('a slip')"),
    "an end of the process": begins("runs", "    import sys; sys.exit(0)"),
    "an error in training": learns("runs", "        raise ValueError('a slip')"),
    "another shape": ends("shape and type", "images[..., 1:]"),
    "another type": ends("shape and type", "images.double()"),
    "no tensor": ends("shape and type", "images.detach().numpy()"),
    "another range": ends("range", "images * 255"),
    "values that are none": ends("finite", "images / 0 * 0"),
    "an input that is changed": begins("input left alone", "    seen.y.add_(0.1)"),
    "the clock": ends(
        "same again", "images * (time.time_ns() % 1000 / 1000)", "    import time\n\n"
    ),
    "the clock in training": learns(
        "same again", "        import time; codes = codes + time.time_ns() % 1000"
    ),
    "numpy's generator": ends(
        "random numbers", "images * np.random.rand()", "    import numpy as np\n\n"
    ),
    "Python's generator in training": learns(
        "random numbers", "        import random; codes = codes + random.random()"
    ),
    "a seed of its own under another name": breaks(
        "random numbers",
        ('LABEL = "mine"', 'from torch import manual_seed\nLABEL = "mine"'),
        (STEP, f"        manual_seed(0)\n{STEP}"),
    ),
    "a generator of torch of its own": learns("random numbers", "        torch.Generator()"),
    "a generator of numpy of its own": begins(
        "random numbers", "    import numpy as np; np.random.default_rng(0)"
    ),
    "a generator of Python of its own": begins(
        "random numbers", "    import random; random.Random(0)"
    ),
    "a seed of its own": learns("random numbers", "        torch.manual_seed(0)"),
    "images that know of each other": ends("batch sizes", "images / len(images)"),
    "one size alone": begins("image sizes", "    assert seen.shape[2] == 32"),
    "a look at the original": begins("hidden pixels", PEEKING),
    "an optimiser that is not kept": breaks(
        "training resumed", ("loop.keep(torch.optim.Adam(", "(torch.optim.Adam(")
    ),
    "a search that is not kept": breaks("restoration resumed", (SEARCH, OWN_SEARCH)),
    "a model that is not all saved": breaks(
        "save and load",
        ("        self.shape = shape", "        self.gain = 1.0\n        self.shape = shape"),
        (STEP, f"        model.gain = 0.5\n{STEP}"),
        (SEARCH, f"{FOUND}\n    return images * model.gain"),
    ),
    "a model that goes by the order of a set": breaks(
        "save and load",
        (
            "        self.shape = shape",
            "        self.gain = list({str(n) for n in range(99)}).index('7') / 99\n"
            "        self.shape = shape",
        ),
        (SEARCH, f"{FOUND}\n    return images * model.gain"),
    ),
    "a model that is not all in its file": breaks(
        "save and load",
        ('LABEL = "mine"', 'TRAINED: list[int] = []\nLABEL = "mine"'),
        (STEP, f"        TRAINED.append(1)\n{STEP}"),
        (SEARCH, f"{FOUND}\n    return images * TRAINED[0]"),
    ),
    "a step that is shorter in company": breaks("batch sizes", (SEARCH, AVERAGED)),
    "a code too few": breaks("samples", ("torch.randn(count,", "torch.randn(count - 1,")),
    "a gradient that reaches one of two": breaks("gradient", (SEARCH, TWO_SEARCHED)),
    "a gradient that is cut": breaks(
        "gradient", ("model.spread * steps)", "model.spread * steps.detach())")
    ),
}
MASKED = "return x * known(x)"
TASKS = {
    "no noise level": breaks("contract", ("    sigma: float", "    level: float")),
    "no naive inverse": breaks("contract", ("def naive(", "def inverse(")),
    "a picture out of range": breaks(
        "images", ("return (y * known(y)).clamp(0, 1)", "return y * known(y)")
    ),
    "another type": breaks("images", (MASKED, "return (x * known(x)).float()")),
    "an input that is changed": breaks("images", (MASKED, "return x.mul_(known(x))")),
    "images that know of each other": breaks(
        "batched", (MASKED, "return (x - 0.1 * x.mean()) * known(x)")
    ),
    "a gradient that is cut": breaks("differentiable", (MASKED, "return x.detach() * known(x)")),
    "a generator of its own": breaks(
        "seeded",
        ("return {}", 'return {"shift": torch.rand(1)}'),
        ("cfg: Config)", "cfg: Config, shift: object = None)"),
        ("shape: Shape)", "shape: Shape, shift: object = None)"),
    ),
    "a file that is read": breaks(
        "files and network", (MASKED, f"open(__file__).close()\n    {MASKED}")
    ),
    "a file that is read on import": breaks(
        "files and network", ('LABEL = "mine"', 'LABEL = "mine"\nopen(__file__).close()')
    ),
    "a file that is read once": breaks(
        "files and network", FIRST, ("    return {}", "    table()\n    return {}")
    ),
    "a generator that nobody seeded": breaks("seeded", *made_of("")),
    "a generator with one seed for all": breaks("random numbers", *made_of("0")),
    "a seed of its own": breaks(
        "random numbers", ("    return {}", "    torch.manual_seed(0)\n    return {}")
    ),
    "another generator than that handed over": breaks(
        "random numbers", ("    return {}", "    torch.Generator()\n    return {}")
    ),
    "a setting that is not told": breaks("protocol", ("; sigma {cfg.sigma:.4g}", "")),
    "any noise level": breaks("refuses", ("if not 0 <= cfg.sigma <= 1", "if cfg.sigma == -1")),
    "nothing put back": breaks("pasted", ("torch.where(known(x), y.clamp(0, 1), x)", "x")),
    "noise that shows": breaks(
        "hidden pixels", ("return (y * known(y)).clamp(0, 1)", "return y.clamp(0, 1)")
    ),
}
RETURNED = "return np.asarray(255 * "
METRICS = {
    "no direction": breaks("contract", ('BETTER = "lower"', 'BETTER = "down"')),
    "an end of the process": breaks(
        "contract", ('BETTER = "lower"', 'BETTER = "lower"\nraise SystemExit(0)')
    ),
    "no protocol": breaks("contract", ('PROTOCOL = "mine/1"', 'PROTOCOL = ""')),
    "weights that nobody knows": breaks("contract", ("WEIGHTS = ()", 'WEIGHTS = ("vgg17",)')),
    "one number for all": breaks("form", (RETURNED, "return np.mean(255 * ")),
    "images that are changed": breaks("form", (RETURNED, f"restored *= 0.5\n    {RETURNED}")),
    "a division by nothing": breaks("never NaN", (RETURNED, f"{RETURNED}1 / original.std() * ")),
    "a number of chance": breaks(
        "same again", (RETURNED, f"{RETURNED}(1 + 1e-6 * np.random.default_rng().random()) * ")
    ),
    "a file that is read": breaks(
        "files and network", (RETURNED, f"open(np.__file__).close()\n    {RETURNED}")
    ),
    "a file that is read once": breaks(
        "files and network", FIRST, (RETURNED, f"table()\n    {RETURNED}")
    ),
    "a file of its own that is written": breaks(
        "files and network",
        (
            RETURNED,
            f'open(name := f"{{__file__}}.txt", "w").close(); open(name).close()\n    {RETURNED}',
        ),
    ),
    "an address that is called": breaks(
        "files and network",
        (RETURNED, f"{CALLING.replace(' ' * 8, ' ' * 4).lstrip()}\n    {RETURNED}"),
    ),
    "a seed for all": breaks("random numbers", (RETURNED, f"np.random.seed(0)\n    {RETURNED}")),
    "the other direction": breaks("direction", ('BETTER = "lower"', 'BETTER = "higher"')),
    "another range": breaks("refuses", ("images.max() <= 1", "images.max() <= 255")),
}
IMAGESETS = {
    "no options": breaks("contract", ("class Config:", "class Options:"), ("cfg: Config", "cfg")),
    "floats": breaks("built", (".astype(np.uint8)", "")),
    "a label too few": breaks(
        "splits",
        ("labels=None", "labels={split: [0] for split in SPLITS}"),
        ("return ImageSet", "return SimpleNamespace"),  # which would have refused them
        ("import SPLITS, ImageSet", "import SPLITS, ImageSet\nfrom types import SimpleNamespace"),
    ),
    "no licence": breaks("card", ('"licence": "none needed"', '"licence": ""')),
    "a test image in training": breaks(
        "disjoint",
        ("    # images that are not", '    pixels["train"][0] = pixels["test"][0]\n    #'),
    ),
    "generators that nobody seeded": breaks(
        "same again", ("np.random.default_rng([cfg.seed, stream])", "np.random.default_rng()")
    ),
}
