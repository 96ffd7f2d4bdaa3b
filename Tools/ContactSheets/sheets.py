"""Contact sheets of all figures: a sheet a look and language, each figure with its name under it.

usage: sheets.py FOLDER"""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw

ATTN = ".build/release/attn"
# Options of the command, and how wide a picture stands on the sheet.
LOOKS = {
    "article-light": (["--theme", "light"], 300), "article-dark": (["--theme", "dark"], 300), "article-print": (["--theme", "print"], 300),
    "article-600": (["--width", "600"], 300), "article-375": (["--width", "375"], 220), "phone": (["--preset", "phone"], 190), "cover": (["--preset", "cover"], 300), "slide": (["--preset", "slide"], 300),
}
COLUMNS, GAP, NAME, QUALITY = 6, 14, 18, 45


def drawn(name, language, look, folder):
    """The figure in this look; None where it refuses it, with the reason printed."""
    options, width = LOOKS[look]
    path = pathlib.Path(folder, f"{name}-{language}-{look}.png")
    made = subprocess.run([ATTN, "figure", name, "--lang", language, *options, "--scale", "1", "--output", path], capture_output=True, text=True)
    if made.returncode:
        print(f"{name} {language} {look}: {made.stderr.strip()}")
        return None
    picture = Image.open(path).convert("RGB")
    return picture.resize((width, max(1, round(picture.height * width / picture.width))), Image.LANCZOS)


def sheet(names, pictures, width):
    """Rows of pictures, each row as high as its highest."""
    known = [(name, picture) for name, picture in zip(names, pictures) if picture]
    rows = [known[at:at + COLUMNS] for at in range(0, len(known), COLUMNS)]
    heights = [max(picture.height for _, picture in row) + NAME + GAP for row in rows]
    paper = Image.new("RGB", (COLUMNS * (width + GAP) + GAP, sum(heights) + GAP), "#8a8f99")
    pen = ImageDraw.Draw(paper)
    top = GAP
    for row, height in zip(rows, heights):
        for place, (name, picture) in enumerate(row):
            left = GAP + place * (width + GAP)
            paper.paste(picture, (left, top))
            pen.text((left, top + picture.height + 3), name, fill="white")
        top += height
    return paper


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    listed = json.loads(subprocess.run([ATTN, "figure", "list", "--json"], check=True, capture_output=True, text=True).stdout)
    names = [figure["name"] for figure in listed]
    with tempfile.TemporaryDirectory() as made, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for look, (_, width) in LOOKS.items():
            for language in ["en", "zh"]:
                pictures = list(pool.map(lambda name: drawn(name, language, look, made), names))
                sheet(names, pictures, width).save(folder / f"{look}-{language}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
