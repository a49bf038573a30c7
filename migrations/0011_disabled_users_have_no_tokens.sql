-- A disabled login ends its tokens for good; those of logins that were disabled before this was so end now.
delete from api_tokens t using credentials c where c.user_id = t.user_id and not c.active;
