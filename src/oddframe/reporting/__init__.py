"""What a person looks at: plots, annotated videos, the report page and the comparison page."""
