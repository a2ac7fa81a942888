"""What a person looks at: the report, plots, the annotated video, and the words for them."""
