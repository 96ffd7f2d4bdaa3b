// Scene to PNG, SVG and PDF.
