"""What happens behind the requests: jobs, their workers and schedule, mail."""
