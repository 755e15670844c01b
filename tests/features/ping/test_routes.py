def test_ping_answers_pong_without_a_database(client):
    response = client.get("/v1/ping")
    assert (response.status_code, response.json) == (200, {"message": "pong"})
