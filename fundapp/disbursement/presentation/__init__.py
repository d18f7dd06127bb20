"""What the pages of the disbursement room show."""
