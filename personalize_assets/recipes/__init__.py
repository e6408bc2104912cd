"""What each recipe of Amazon Personalize trains here, and what is known of the others."""
