// "LinformerHead" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "x": f32[128, 64]
// weight "wq": f32[64, 32]
// weight "wk": f32[64, 32]
// weight "wv": f32[64, 32]
// weight "e": f32[16, 128]
// weight "f": f32[16, 128]
// output "output": f32[128, 32]
export function model(tf, weights) {
  const w_wq = weights.wq;
  const w_wk = weights.wk;
  const w_wv = weights.wv;
  const w_e = weights.e;
  const w_f = weights.f;
  // computed once, from weights and constants
  const [v6] = tf.tidy(() => {
    const v6 = tf.matMul(w_wq, w_wk, false, true);
    return [v6];
  });
  const run = (inputs) =>
    tf.tidy(() => {
      const in_x = inputs.x;
      const v7 = tf.matMul(in_x, w_e, true, true);
      const v8 = tf.matMul(v6, v7);
      tf.dispose([v7]);
      const v9 = tf.matMul(in_x, v8);
      tf.dispose([v8]);
      const v10 = tf.div(v9, 5.656854249492381);
      tf.dispose([v9]);
      const v_p = tf.softmax(v10);
      tf.dispose([v10]);
      // linformer_head.lf:16
      const v12 = tf.matMul(w_f, in_x);
      // linformer_head.lf:14
      const v_vals = tf.matMul(v12, w_wv);
      tf.dispose([v12]);
      // linformer_head.lf:16
      const v_o = tf.matMul(v_p, v_vals);
      return { output: v_o };
    });
  const dispose = () => tf.dispose([v6]);
  return { run, dispose };
}
