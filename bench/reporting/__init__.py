"""What becomes of findings: lines, tables, a picture, a file, and a comparison with what was stored."""
