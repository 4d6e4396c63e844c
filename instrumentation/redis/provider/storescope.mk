# Included by the store's src/Makefile, before its first target. Only the server is linked with the tracer.
REDIS_SERVER_OBJ += storescope.o redis_tp.o
REDIS_CLI_OBJ += storescope_none.o
REDIS_BENCHMARK_OBJ += storescope_none.o

$(REDIS_SERVER_NAME): FINAL_LIBS += -llttng-ust -ldl -lpthread
storescope.o: STD = -std=gnu11 -DREDIS_STATIC='' -DSS_FLAVOR='"redis"'
redis_tp.o: STD = -std=gnu11 -I.
