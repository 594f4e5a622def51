"""What CleanVision, Datalab and deepchecks find in data sets that findings.py planted faults in.

    PYTHON benchmarks/peers_of_looking.py JOBS.json ANSWERS.json

Run by findings.py, in an environment of the peers' own: none of ours is imported here. A job has
examples, ``{"id", "kind", "split", "label", "item"}``, the item being an image's path or a text,
and says whom to ask for which issues. The answer has, of each peer, the ids by its own name of the
issue, and the seconds that it took. CleanVision and deepchecks go by their defaults. Datalab is
given features, as it wants: of images small pixels without their brightness, and HOG; of texts
TF-IDF.
"""

# pyright: reportMissingImports=false

import importlib
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402  # after it is quiet

Job = list[dict[str, Any]]
Issues = dict[str, list[str]]
Wanted = list[str]  # which issues
SET = ["the whole set"]  # instead of ids, of what is said of no example in particular
PIXELS = 16  # a side, of the small copies that are features
LEAST_SPURIOUS = 0.3  # Datalab's own threshold, which only its report goes by


def is_image(job: Job) -> bool:
    return job[0]["kind"] == "image"


def opened(job: Job) -> Iterable[tuple[dict[str, Any], Any]]:
    """The images that can be read, in RGB."""
    from PIL import Image

    for example in job:
        try:
            yield example, Image.open(example["item"]).convert("RGB")
        except OSError:
            continue


# --- CleanVision ----------------------------------------------------------------------------------


def cleanvision(job: Job, wanted: Wanted) -> Issues:
    from cleanvision import Imagelab

    if not is_image(job):
        return {}
    ids = {example["item"]: example["id"] for example, _ in opened(job)}  # it stops at broken ones
    lab = Imagelab(filepaths=list(ids))
    lab.find_issues(verbose=False)
    return {
        column.removeprefix("is_").removesuffix("_issue"): [
            ids[path] for path in lab.issues.index[lab.issues[column]]
        ]
        for column in lab.issues.columns
        if column.startswith("is_")
    }


# --- Datalab --------------------------------------------------------------------------------------


def pixels(images: list[Any]) -> Any:
    rows = [np.asarray(image.resize((PIXELS, PIXELS)), dtype=np.float32) for image in images]
    flat = np.stack(rows).reshape(len(rows), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def gradients(images: list[Any]) -> Any:
    from skimage.feature import hog

    grey = [np.asarray(image.convert("L").resize((64, 64))) for image in images]
    return np.stack([hog(one, pixels_per_cell=(16, 16), cells_per_block=(2, 2)) for one in grey])


def words(texts: list[str]) -> Any:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    table = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), max_features=50_000)
    return TruncatedSVD(min(300, len(texts) - 1), random_state=0).fit_transform(
        table.fit_transform(texts)
    )


def datalab(job: Job, wanted: Wanted, features: Callable[[list[Any]], Any]) -> Issues:
    from cleanlab import Datalab

    if is_image(job):
        pairs = list(opened(job))
        examples, given = [example for example, _ in pairs], [image for _, image in pairs]
    else:
        examples, given = job, [example["item"] for example in job]
    labels = [example["label"] for example in examples]
    lab = Datalab({"label": labels}, label_name="label", verbosity=0)
    lab.find_issues(features=features(given), issue_types={kind: {} for kind in wanted})
    found: Issues = {}
    for kind in wanted:
        marks = lab.get_issues(kind)[f"is_{kind}_issue"].to_numpy()
        found[kind] = [example["id"] for example, mark in zip(examples, marks, strict=True) if mark]
    return found


def datalab_pixels(job: Job, wanted: Wanted) -> Issues:
    return datalab(job, wanted, pixels) if is_image(job) else {}


def datalab_gradients(job: Job, wanted: Wanted) -> Issues:
    return datalab(job, wanted, gradients) if is_image(job) else {}


def datalab_words(job: Job, wanted: Wanted) -> Issues:
    return {} if is_image(job) else datalab(job, wanted, words)


def datalab_shortcut(job: Job, wanted: Wanted) -> Issues:
    """What it says of images alone, with no features: properties that predict the label."""
    from cleanlab import Datalab
    from datasets import Dataset

    if not is_image(job):
        return {}
    train = [(example, image) for example, image in opened(job) if example["split"] == "train"]
    table = {"image": [image for _, image in train], "label": [one["label"] for one, _ in train]}
    lab = Datalab(Dataset.from_dict(table), label_name="label", image_key="image", verbosity=0)
    lab.find_issues()  # it needs all of the images' scores
    scores = lab.get_info("spurious_correlations")["correlations_df"]["score"]
    return {"spurious_correlations": SET if (scores < LEAST_SPURIOUS).any() else []}


# --- deepchecks -----------------------------------------------------------------------------------


def deepchecks(job: Job, wanted: Wanted) -> Issues:
    return (deepchecks_images if is_image(job) else deepchecks_texts)(job, wanted)


def fails(check: Any, *data: Any) -> bool:
    """Whether a check's own condition, with its default, is not met."""
    return not check.run(*data, with_display=False).passed_conditions()


def vision_data(job: Job, split: str | None, numbers: dict[str, int]) -> Any:
    from deepchecks.vision import VisionData
    from deepchecks.vision.vision_data import BatchOutputFormat

    pairs = [(one, image) for one, image in opened(job) if split in (None, one["split"])]
    # One batch: of several, 0.19.1 notes the identifiers once a property and names other images.
    batch = BatchOutputFormat(
        images=[np.asarray(image) for _, image in pairs],
        labels=[numbers[one["label"]] for one, _ in pairs],
        image_identifiers=[one["id"] for one, _ in pairs],
    )
    names = {number: name for name, number in numbers.items()}
    return VisionData([batch], "classification", label_map=names, reshuffle_data=False)


def deepchecks_images(job: Job, wanted: Wanted) -> Issues:
    from deepchecks.vision import checks

    numbers = {name: n for n, name in enumerate(sorted({one["label"] for one in job}))}

    def data(split: str | None = None) -> Any:
        return vision_data(job, split, numbers)  # each can be read once

    correlation = checks.PropertyLabelCorrelation().add_condition_property_pps_less_than()
    drifts = {
        "Image Property Drift": checks.ImagePropertyDrift().add_condition_drift_score_less_than(),
        "Image Dataset Drift": checks.ImageDatasetDrift().add_condition_drift_score_less_than(),
        "Label Drift": checks.LabelDrift().add_condition_drift_score_less_than(),
    }
    found: Issues = {}
    for name in wanted:
        if name in drifts:
            found[name] = SET if fails(drifts[name], data("train"), data("val")) else []
        elif name == "Property Label Correlation":
            found[name] = SET if fails(correlation, data("train")) else []
    if set(wanted) - set(found):
        outliers = checks.ImagePropertyOutliers().run(data(), with_display=False).value
        for name in set(wanted) - set(found):
            found[name] = list(map(str, outliers[name]["outliers_identifiers"]))
    return found


def deepchecks_texts(job: Job, wanted: Wanted) -> Issues:
    """Not its outliers and drift by a text's properties: these begin with loading fastText's model
    of languages from elsewhere.
    """
    import nltk
    from deepchecks.nlp import TextData, checks

    if not nltk.download("stopwords", quiet=True):  # it asks anew for each text, in vain
        nltk.download = lambda *_, **__: False

    texts, labels, ids = ([one[name] for one in job] for name in ("item", "label", "id"))
    data = TextData(texts, label=labels, task_type="text_classification")

    def value(check: Any) -> Any:
        return check.run(data, with_display=False).value

    def ids_of(table: Any) -> list[str]:
        return [ids[row] for row in table.index.get_level_values("Sample ID")] if len(table) else []

    special = value(checks.SpecialCharacters())["percent_special_chars_per_sample"]
    return {
        "duplicates": ids_of(value(checks.TextDuplicates())["duplicates"]),
        "conflicting labels": ids_of(value(checks.ConflictingLabels())["conflicting_samples"]),
        "special characters": [ids[row] for row in special.index[special > 0]],
    }


PEERS: dict[str, Callable[[Job, Wanted], Issues]] = {
    "CleanVision": cleanvision,
    "Datalab, pixels": datalab_pixels,
    "Datalab, HOG": datalab_gradients,
    "Datalab, TF-IDF": datalab_words,
    "Datalab, images": datalab_shortcut,
    "deepchecks": deepchecks,
}
# What each needs; imported before its time is taken.
PACKAGES = {
    "CleanVision": ("cleanvision",),
    "deepchecks": ("deepchecks.vision.checks", "deepchecks.nlp.checks"),
}
DATALAB = ("cleanlab.datalab.datalab", "datasets", "sklearn.decomposition", "skimage.feature")


def missing(peer: str) -> str:
    """Why a peer cannot be asked; empty where it can."""
    try:
        for package in PACKAGES.get(peer, DATALAB):
            importlib.import_module(package)
    except ImportError as error:
        return str(error)
    return ""


def ask(peer: str, job: Job, wanted: Wanted) -> dict[str, Any]:
    """What a peer says of a data set; that it failed, if it did."""
    if reason := missing(peer):
        return {"failed": f"not installed: {reason}"}
    started = time.perf_counter()
    try:
        issues = PEERS[peer](job, wanted)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
    return {"issues": issues, "seconds": time.perf_counter() - started}


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    answers = []
    for job in jobs:
        answers.append(
            {peer: ask(peer, job["examples"], wanted) for peer, wanted in job["peers"].items()}
        )
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(answers, file)


if __name__ == "__main__":
    main()
