# Included by the store's src/Makefile, before its first target. Only the server is linked with the tracer. Valkey names its variables differently.
REDIS_SERVER_OBJ += storescope.o redis_tp.o
ENGINE_SERVER_OBJ += storescope.o redis_tp.o
REDIS_CLI_OBJ += storescope_none.o
ENGINE_CLI_OBJ += storescope_none.o
REDIS_BENCHMARK_OBJ += storescope_none.o
ENGINE_BENCHMARK_OBJ += storescope_none.o

$(or $(REDIS_SERVER_NAME),$(SERVER_NAME)): FINAL_LIBS += -llttng-ust -ldl -lpthread
storescope.o: STD = -std=gnu11 -DREDIS_STATIC=''
redis_tp.o: STD = -std=gnu11 -I.
