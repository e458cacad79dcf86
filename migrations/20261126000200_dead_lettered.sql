-- Which transfers have dead letters, in the order of the list of transfers: read where that is filtered by them, by operators and by
-- those who receive.
create index deliveries_dead_of_transfer on deliveries (transfer) where state = 'dead-lettered';
create index deliveries_dead_of_receiver on deliveries (receiver, transfer) where state = 'dead-lettered';
