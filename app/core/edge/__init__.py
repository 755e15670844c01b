"""What stands between a client and the views: who is believed, who may come in, how much, how often."""
