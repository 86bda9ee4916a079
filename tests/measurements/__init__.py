"""run.json: what is written, read and refused, and the laws that every run keeps."""
