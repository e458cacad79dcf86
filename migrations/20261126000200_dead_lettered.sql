-- Which transfers have dead letters, in the order of the list of transfers: read where that is filtered by them.
create index deliveries_dead_of_transfer on deliveries (transfer, receiver) where state = 'dead-lettered';
